"""The OAuth state of a consent page: which ticket it is for, and which browser opened it.

A ticket may have any number of consent pages at once, in several tabs and browsers, and each of
them leads to the one ticket. Nothing is stored for a page: its state is sealed by the key set and
comes back with the callback. The PKCE verifier is derived from the browser's cookie and the state,
so neither the database nor the platform can know it before the callback, and every page has its
own.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import CastlineError
from domain.secrets import Secret
from store.vault import Place, Vault

_PLACE = Place("consent_page", "state", "")
"""No table's: what is sealed here opens nowhere else."""


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """A consent page that a browser opens now."""

    state: Secret
    browser: Secret
    """The value of the cookie that binds the page to its browser."""
    verifier: Secret


@dataclass(frozen=True, slots=True)
class OpenedState:
    """What a state says that came back."""

    ticket_id: str
    browser_digest: str
    state: Secret

    def find_browser(self, cookies: Sequence[Secret]) -> Secret | None:
        """The cookie of the browser that opened the page; None where it is not among these."""
        for cookie in cookies:
            if hmac.compare_digest(_digest(cookie), self.browser_digest):
                return cookie
        return None

    def verifier(self, browser: Secret) -> Secret:
        """The PKCE verifier of the page."""
        return _verifier(self.state, browser)


def make_page(vault: Vault, ticket_id: str, cookies: Sequence[Secret]) -> ConsentPage:
    """Another consent page of a ticket. A browser that has a cookie keeps it."""
    browser = cookies[0] if cookies else Secret(secrets.token_urlsafe(32))
    sealed = vault.seal(Secret(f"{ticket_id} {_digest(browser)}"), _PLACE)
    state = Secret(_base64(sealed))
    return ConsentPage(state, browser, _verifier(state, browser))


def open_state(vault: Vault, state: Secret) -> OpenedState | None:
    """What a state says; None for one that is not ours, or was changed."""
    text = state.reveal()
    try:
        sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        ticket_id, _, digest = vault.open(sealed, _PLACE).reveal().partition(" ")
    except (ValueError, CastlineError):
        return None
    if _base64(sealed) != text:
        return None  # decoding skips characters that are not base64url
    return OpenedState(ticket_id, digest, state)


def _verifier(state: Secret, browser: Secret) -> Secret:
    # 43 characters of base64url: the shortest that RFC 7636 allows, with all 256 bits.
    made = hmac.digest(browser.reveal().encode(), state.reveal().encode(), "sha256")
    return Secret(_base64(made))


def _digest(browser: Secret) -> str:
    return _base64(hashlib.sha256(browser.reveal().encode()).digest())


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
