"""What is wrong with a request, in the words that YouTube and Google's front end use.

The words come from captured answers: `youtube.part` from google-api-php-client#1777, `required`
from youtube/api-samples#262, `youtube.parameter` from pyytdata#23 and eat-pray-ai/yutu#215, the
media type from google-api-php-client#2436, the upload type from google-api-go-client#2939; the
others from Google's page of errors. What no capture shows has only the shape.
"""

from collections.abc import Collection, Iterable

from emulator.google.errors import GoogleError
from emulator.parsing import MOST_BYTES

_INVALID = "INVALID_ARGUMENT"


def required(name: str) -> GoogleError:
    """A parameter that the method cannot do without is missing."""
    return GoogleError(400, "required", f"Required parameter: {name}", location=(name, "parameter"))


def unknown_part(part: str) -> GoogleError:
    """The resource has no such part."""
    return GoogleError(
        400, "unknownPart", f"'{part}'", domain="youtube.part", location=("part", "parameter")
    )


def unknown_parameter(name: str) -> GoogleError:
    """The method has no such parameter. The words are those of Google's front end elsewhere."""
    return _front_end(
        f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
        f"Field '{name}' could not be found in request message.",
        name,
    )


def not_repeating(name: str) -> GoogleError:
    """A parameter that takes one value came several times."""
    return _front_end(
        f'Invalid JSON payload received. Unknown name "{name}": '
        "Proto field is not repeating, cannot start list.",
        name,
    )


def _front_end(message: str, name: str) -> GoogleError:
    return GoogleError(
        400,
        "badRequest",
        message,
        status=_INVALID,
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": name, "description": message}],
            }
        ],
    )


def invalid_parameter(name: str, message: str) -> GoogleError:
    """The value of a parameter will not do."""
    return GoogleError(400, "invalidParameter", message, location=(name, "parameter"))


def no_filter(filters: Iterable[str]) -> GoogleError:
    """The method needs exactly one of these filters."""
    return GoogleError(
        400,
        "missingRequiredParameter",
        "No filter selected. Expected one of: " + ", ".join(filters),
        domain="youtube.parameter",
        location=("parameters.", "other"),
    )


def incompatible(names: Iterable[str]) -> GoogleError:
    """Parameters that exclude each other."""
    return GoogleError(
        400,
        "incompatibleParameters",
        "Incompatible parameters specified in the request: " + ", ".join(names),
        domain="youtube.parameter",
        location=("parameters.", "other"),
    )


def authorization_required(name: str) -> GoogleError:
    """A parameter speaks of the caller, and only an API key came with the request."""
    return GoogleError(
        401,
        "authorizationRequired",
        f"The request uses the <code>{name}</code> parameter but is not properly authorized.",
        domain="youtube.parameter",
    )


def delegation_forbidden() -> GoogleError:
    """Nobody here is a content partner who acts for others."""
    return GoogleError(
        403,
        "accountDelegationForbidden",
        "The authenticated user cannot act on behalf of the specified Google Account.",
        domain="youtube.common",
    )


def forbidden(message: str, domain: str, reason: str = "forbidden") -> GoogleError:
    """The caller may not do this with that resource."""
    return GoogleError(403, reason, message, domain=domain, location=("Authorization", "header"))


def unsupported_media_type(media_type: str) -> GoogleError:
    """The method takes no files of this type."""
    return GoogleError(
        400, "badRequest", f"Media type '{media_type}' is not supported. ", status=_INVALID
    )


def unsupported_upload_type(upload_type: str) -> GoogleError:
    """`uploadType` is missing, or names no protocol."""
    return GoogleError(
        400, "badRequest", f"Unsupported upload type: {upload_type}", status=_INVALID
    )


def media_required(domain: str, what: str) -> GoogleError:
    """A method that takes a file was called without one."""
    return GoogleError(
        400, "mediaBodyRequired", f"The request does not include the {what} content.", domain=domain
    )


def too_large() -> GoogleError:
    """The body is larger than what is read as a whole."""
    message = f"Request payload size exceeds the limit: {MOST_BYTES} bytes."
    return GoogleError(413, "uploadTooLarge", message, status=_INVALID)


def no_such_address() -> GoogleError:
    """Nothing is at this address."""
    return GoogleError(404, "notFound", "Not Found")


def wrong_verb(verbs: Collection[str]) -> GoogleError:
    """The address knows other HTTP methods."""
    return GoogleError(
        405,
        "httpMethodNotAllowed",
        "HTTP method not allowed.",
        headers={"Allow": ", ".join(sorted(verbs))} if verbs else None,
    )


def not_served(what: str) -> GoogleError:
    """Google has this, and the emulator has not."""
    return GoogleError(
        501,
        "notImplemented",
        f"{what} is not served by this emulator.",
        status="UNIMPLEMENTED",
    )
