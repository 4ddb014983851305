"""What a page is titled and what it says, for each situation that a browser may end in.

A title never says more than its sentence, nor the contrary. Sentences are ours: what an address
brought is looked up in a table or in the ticket's row, and never repeated.
"""

from dataclasses import dataclass

from api.services.labels import Labels
from domain.errors import CastlineError, Remedy
from domain.explanations import EXPLANATIONS, ConsentRemedy, ErrorDetail

WAITING = "Please wait"
CODE_STORED = (
    "Your consent has arrived and is stored. The channel is connected as soon as Castline can do "
    "it. This page tries again every few seconds. You may close it: nothing is lost."
)
NOT_ANSWERED = (
    "Castline cannot go on at the moment. This page tries again every few seconds. Keep it open."
)

_CONNECTED = "The channel is connected. You may close this page."
_CONFIRMING = (
    "The consent was given. The channel is connected as soon as the application that sent you "
    "here confirms it. You may close this page."
)
_TELL_OPERATOR = (
    "You cannot correct this yourself. Tell the person or the application that sent you the link, "
    "and mention the code."
)

_TITLES = {
    ErrorDetail.WRONG_ACCOUNT: "Nothing has changed",
    ErrorDetail.DISCONNECTED: "Nothing has changed",
    ErrorDetail.OTHER_BROWSER: "Nothing has changed",
    ErrorDetail.WRONG_ISSUER: "Nothing has changed",
    ErrorDetail.TICKET_EXPIRED: "The link has expired",
    ErrorDetail.TICKET_USED: "The link has been used",
    ErrorDetail.CONFIRMATION_EXPIRED: "The consent was not confirmed",
    ErrorDetail.DISALLOWED_USERAGENT: "Open the link in a browser",
}
"""The title of every other end is "Not connected"."""

_ERRORS = {
    "access_denied": "The consent was refused, so nothing was connected.",
    "ticket_expired": EXPLANATIONS[ErrorDetail.TICKET_EXPIRED].sentence,
    "invalid_ticket": EXPLANATIONS[ErrorDetail.TICKET_USED].sentence,
    "platform_error": "The platform did not connect the channel.",
}
_ERROR_TITLES = {
    "ticket_expired": "The link has expired",
    "invalid_ticket": "The link has been used",
}

_FAILURES = {
    "link_done": "Nothing is left to do",
    "link_ended": "The link has ended",
    "link_unreadable": "The link is not valid",
    "invalid_ticket": "The link is not valid",
    "empty_callback": "This page needs an answer from the platform",
    "redirect_not_allowed": "The address is not allowed",
    "platform_not_configured": "The platform is not available",
    "unknown_platform": "The link is not valid",
}
"""The code of an error without a ticket that is known → the title of its page."""


@dataclass(frozen=True, slots=True)
class Situation:
    title: str
    sentence: str
    advice: str | None = None
    code: str | None = None


def of_success(labels: Labels) -> Situation:
    """A consent that was given: how many accounts it connected, beside those that it left out."""
    if labels.is_confirming:
        return Situation("Waiting for the confirmation", _CONFIRMING)
    names = labels.connected
    if not names or (len(names) == 1 and not labels.left_out):
        return Situation("Connected", _CONNECTED)
    total = len(names) + len(labels.left_out)
    are = "is" if len(names) == 1 else "are"
    count = f"{len(names)} of {total}" if labels.left_out else str(total)
    title = f"{count} connected" if labels.left_out else "Connected"
    sentence = f"{count} {are} connected: {', '.join(names)}. You may close this page."
    return Situation(title, sentence)


def of_end(error: str, detail: ErrorDetail | None, labels: Labels) -> Situation:
    """A consent that ended without a connection. An unknown word is not repeated."""
    if detail is None:
        sentence = _ERRORS.get(error, "The channel was not connected.")
        title = _ERROR_TITLES.get(error, "Not connected")
        return Situation(title, sentence, code=error if error in _ERRORS else None)
    is_operators = EXPLANATIONS[detail].remedy is ConsentRemedy.OPERATOR
    return Situation(
        title=_TITLES.get(detail, "Not connected"),
        sentence=labels.sentence_of(detail),
        advice=_TELL_OPERATOR if is_operators else None,
        code=detail,
    )


def title_of(error: CastlineError) -> str:
    """The title of an error's own page. One that passes by itself is waited for."""
    if error.remedy is Remedy.WAIT:
        return WAITING
    return _FAILURES.get(error.code, "That did not work")
