"""Where a caller may let us call."""

from api.context import Context
from domain.errors import InvalidRequest
from media.address import parse, resolve


def check_url(here: Context, url: str, field: str) -> None:
    """Raise `InvalidRequest` (code `address_not_allowed`) for what is no place to be told at.

    It is looked at again whenever it is told, for what a name leads to may change.
    """
    allow_private = here.settings.allow_private_webhooks
    try:
        resolve(parse(url, allow_private=allow_private), allow_private=allow_private)
    except InvalidRequest as error:
        raise _refused(error.sentence, field) from None
    except OSError:
        raise _refused("The host of this URL cannot be found.", field) from None


def _refused(sentence: str, field: str) -> InvalidRequest:
    return InvalidRequest("address_not_allowed", sentence, details={field: [sentence]})
