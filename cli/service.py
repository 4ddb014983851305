"""The API as the command's own client: where it is, the key, and errors as sentences.

A key is never an argument, because arguments are seen by every process of the machine: it
comes from `CASTLINE_KEY`, a file, or the one that `castline keys create --save` wrote.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from cli.addresses import file_of, find_running
from domain.display import escape
from domain.errors import CastlineError, InvalidRequest, Unauthorized, Unavailable
from domain.secrets import Secret
from runtime.settings import Settings
from runtime.settings_rules import http_url, is_loopback
from store.files import create_private
from transport.clients import ProxiedTransport
from transport.proxies import DIRECT

KEY_FILE = "key"

_KEY = re.compile(r"[!-~]+")
_FIND = "Name another address with --url or CASTLINE_URL, another folder with CASTLINE_DATA_DIR."


@dataclass(frozen=True, slots=True)
class Place:
    """Where the API should be, and what to do when it is not there."""

    url: str
    remedy: str


def locate_api(settings: Settings, url: str | None = None) -> Place:
    """The address that was given, else that of the API that runs here, else that of the settings.

    Never the public one: it may lead through a proxy, or nowhere from this machine. Raises
    `InvalidRequest` for an address that is none, and `Unavailable` where no API runs and the
    settings leave its port open.
    """
    for name, given in (("--url", url), ("CASTLINE_URL", os.environ.get("CASTLINE_URL"))):
        if given:
            try:
                return Place(http_url(given).rstrip("/"), f"{name} names this address.")
            except ValueError as error:
                raise InvalidRequest("wrong_url", f"{name} {error}.") from None
    file = file_of(settings)
    if (running := find_running(settings).api) is not None:
        return Place(running, f"{file} names it. {_FIND}")
    if settings.port == 0:
        raise Unavailable(
            "api_unreachable",
            f"No API runs here: {file} names none, and CASTLINE_PORT=0 lets it choose its port. "
            f"Start it with `castline up` or `castline api`. {_FIND}",
        )
    return Place(
        settings.local_url,
        f"{file} names no running API, so this is the address of the settings. "
        f"Start it with `castline up` or `castline api`. {_FIND}",
    )


class Service:
    """Speaks `/api/v1`. Raises `CastlineError`s with the API's own sentence."""

    def __init__(self, place: Place, key: Secret, *, transport: httpx2.BaseTransport):
        self._place = place
        self._http = httpx2.Client(
            base_url=f"{place.url}/api/v1",
            headers={"Authorization": f"Bearer {key.reveal()}"},
            timeout=60,
            transport=transport,
            trust_env=False,
        )

    def get(self, *path: str, **query: Any) -> Any:
        """The answer to a GET. `path` are its segments, which may hold any character."""
        return self._ask("GET", path, params=query)

    def post(self, *path: str, body: dict[str, Any]) -> Any:
        return self._ask("POST", path, json=body)

    def _ask(self, method: str, path: tuple[str, ...], **options: Any) -> Any:
        address = "/" + "/".join(quote(os.fsencode(segment), safe="") for segment in path)
        try:
            answer = self._http.request(method, address, **options)
        except httpx2.HTTPError:
            raise unreachable(self._place) from None
        if not answer.is_success:
            raise _refusal(answer)
        try:
            return answer.json()
        except ValueError:
            raise _not_castline(answer) from None


def open_service(settings: Settings, url: str | None, key_file: Path | None) -> Service:
    """The service that the options, the environment or the defaults name.

    Raises `Unauthorized` when there is no key, saying how to get one; and `Unavailable` instead
    when the API is not there either.
    """
    place = locate_api(settings, url)
    transport = transport_to(place, settings)
    try:
        key = _key(settings, key_file)
    except Unauthorized:
        _require_answer(place, transport)
        raise
    return Service(place, key, transport=transport)


def unreachable(place: Place) -> Unavailable:
    return Unavailable("api_unreachable", f"The API does not answer at {place.url}. {place.remedy}")


def save_key(settings: Settings, key: Secret) -> Path:
    """Keep a key for `open_service`, readable by its owner only."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = settings.data_dir / KEY_FILE
    with create_private(path) as file:
        file.write(f"{key.reveal()}\n".encode())
    return path


def transport_to(place: Place, settings: Settings) -> httpx2.BaseTransport:
    """How the API is reached: on another machine through the proxies of the usual variables."""
    # No proxy leads to this machine, and none is to see the key.
    return ProxiedTransport(DIRECT if is_loopback(place.url) else settings.proxies(None))


def _require_answer(place: Place, transport: httpx2.BaseTransport) -> None:
    try:
        with httpx2.Client(transport=transport, trust_env=False) as http:
            http.get(f"{place.url}/livez", timeout=5)
    except httpx2.HTTPError:
        raise unreachable(place) from None


def _key(settings: Settings, key_file: Path | None) -> Secret:
    if key_file is None and (key := os.environ.get("CASTLINE_KEY")):
        return _checked(key, "CASTLINE_KEY")
    path = key_file or settings.data_dir / KEY_FILE
    try:
        return _checked(path.read_bytes().decode("ascii", "replace").strip(), str(path))
    except OSError as error:
        fault = "There is no key in" if isinstance(error, FileNotFoundError) else "No key is read:"
        raise Unauthorized(
            "key_missing",
            f"{fault} {path}. Make one with `castline keys create --save`, name "
            "another file with --key-file, or set CASTLINE_KEY.",
        ) from None


def _checked(key: str, where: str) -> Secret:
    # A header that cannot be sent would be an error that quotes it.
    if not _KEY.fullmatch(key):
        raise Unauthorized(
            "key_malformed",
            f"What stands in {where} is no key: a key is one word and begins with cl_.",
        )
    return Secret(key)


def _refusal(answer: httpx2.Response) -> CastlineError:
    try:
        body = answer.json()
        sentences = [escape(body["error"])]
        for field, problems in body.get("details", {}).items():
            sentences += [f"  {escape(field)}: {escape(problem)}" for problem in problems]
        return CastlineError(str(body["code"]), "\n".join(sentences))
    except (ValueError, KeyError, AttributeError, TypeError):
        return _not_castline(answer)


def _not_castline(answer: httpx2.Response) -> Unavailable:
    return Unavailable(
        "api_unreachable",
        f"{answer.url.host} answered with status {answer.status_code}, and not like Castline.",
    )
