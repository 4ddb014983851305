"""Where a caller may let us call."""

from api.context import Context
from domain.errors import InvalidRequest
from domain.ids import WorkspaceId
from transport.address import Address, parse, resolve
from transport.proxies import Way

_SECONDS = 5.0
"""For a look-up: it stands between a person and an answer."""

_WAY_OUT = (
    "Where webhooks may go to private addresses, CASTLINE_ALLOW_PRIVATE_WEBHOOKS lets them; "
    "sources have a setting of their own."
)


def check_url(here: Context, workspace_id: WorkspaceId, url: str, field: str) -> None:
    """Raise `InvalidRequest` (code `address_not_allowed`) for what is no place to be told at.

    It is looked at again whenever it is told, for what a name leads to may change.
    """
    allow_private = here.settings.allow_private_webhooks
    try:
        address = parse(url, allow_private=allow_private, ports=here.settings.source_ports)
        proxies = here.settings.proxies(Way.WEBHOOKS)
        proxy = proxies.find(address.scheme, address.host, address.port)
        if not proxies.leaves_look_up(proxy, address.host):
            _look_up(address, workspace_id, allow_private=allow_private)
    except InvalidRequest as error:
        raise _refused(error.sentence, field) from None
    except TimeoutError:
        raise _refused("The host of this URL was not found in time. Try again.", field) from None
    except OSError:
        raise _refused("The host of this URL cannot be found.", field) from None


def _look_up(address: Address, workspace_id: WorkspaceId, *, allow_private: bool) -> None:
    try:
        resolve(address, allow_private=allow_private, whose=workspace_id, seconds=_SECONDS)
    except InvalidRequest as error:
        if error.code != "address_not_public":
            raise
        raise InvalidRequest(error.code, f"{error.sentence} {_WAY_OUT}") from None


def _refused(sentence: str, field: str) -> InvalidRequest:
    return InvalidRequest("address_not_allowed", sentence, details={field: [sentence]})
