"""The story of an assignment in sentences for a person: one for every state and observation.

Pure: what is stored goes in, words come out, so that the API, its plain text and the command
line tell the same. A sentence says what happened and nothing that only a programmer wants to
know; the codes stand beside it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from domain.evidence import EvidenceKind, Sent, Told
from domain.states import AssignmentState, KnownBy, PlatformName, WaitReason

Data = Mapping[str, Any]

NAMES = {PlatformName.YOUTUBE: "YouTube", PlatformName.FACEBOOK: "Facebook"}
"""As people write them."""

OPEN_FINISH = (
    "The request that completes the upload had been sent, and no answer to it is known: the video "
    "may be there. Look at the account before it is published anew."
)
"""What is to be known of an upload that ended in between."""

_UNITS = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"), (1, "bytes"))

_WAITS = {
    WaitReason.SCHEDULE: "its time",
    WaitReason.CONNECTION: "the connection to be authorized again",
    WaitReason.QUOTA: "{platform}'s budget",
    WaitReason.PLATFORM: "{platform}",
}
_KNOWN = {
    KnownBy.ANSWER: "{platform} said so itself",
    KnownBy.READ_BACK: "the last answer was lost or unclear, and {platform} was asked",
    KnownBy.LISTING: "the upload was lost, and it was found among the account's videos",
}
_STOPS = {
    "interrupted": "The worker was stopped; another one goes on.",
    "cancelled": "The transfer was stopped: the assignment was cancelled.",
}


def amount(held: int, total: int) -> str:
    """So much of so much, in the unit that fits the whole."""
    size, unit = next((one for one in _UNITS if total >= one[0]), _UNITS[-1])
    digits = 0 if size == 1 else 1
    return f"{held / size:.{digits}f} of {total / size:.{digits}f} {unit}"


def of_state(state: AssignmentState, data: Data, platform: PlatformName) -> str:
    """How an assignment stands; `data` as its events have it."""
    name = NAMES[platform]
    match state:
        case AssignmentState.PENDING if data.get("attempt", 1) > 1:
            return f"Attempt {data['attempt']} was begun."
        case AssignmentState.PENDING:
            return "It was accepted."
        case AssignmentState.UPLOADING:
            return "The bytes are on their way."
        case AssignmentState.UPLOADED:
            return f"{name} has every byte."
        case AssignmentState.PROCESSING:
            return f"{name} processes the video."
        case AssignmentState.WAITING:
            because = f" {data['error']}" if data.get("error") else ""
            return f"It waits for {waited_for(data, platform)}.{because}"
        case AssignmentState.UNCONFIRMED:
            return f"{name} does not tell yet whether it made the video. It is read, nothing sent."
        case AssignmentState.PUBLISHED:
            return f"It is published: {data.get('platformUrl') or data.get('platformId')}"
        case AssignmentState.FAILED:
            return f"It failed. {data.get('error') or ''}".rstrip()
        case AssignmentState.CANCELLED:
            return "It was cancelled."


def waited_for(data: Data, platform: PlatformName) -> str:
    """What a waiting assignment waits for, and until when."""
    thing = _WAITS[WaitReason(data["waitReason"])].format(platform=NAMES[platform])
    return f"{thing}, until {data['waitUntil']}" if data.get("waitUntil") else thing


def of_evidence(kind: EvidenceKind, data: Data, platform: PlatformName, total: int) -> str:
    """What was observed; `total` is how many bytes the video has."""
    name = NAMES[platform]
    match kind:
        case EvidenceKind.CONFIRMED:
            return f"{name} has {amount(data['offsets'][-1], total)}."
        case EvidenceKind.ASKED:
            return f"{name} was asked what it has: {_told(data, total)}."
        case EvidenceKind.ANSWERED:
            return _answered(data, name, total)
        case EvidenceKind.STOPPED:
            return _STOPS.get(data["code"], f"The transfer came to a stop: {data['code']}.")
        case EvidenceKind.IDENTIFIED:
            how = _KNOWN[KnownBy(data["knownBy"])].format(platform=name)
            return f"The video is {data['platformId']}: {how}."
        case _:
            return _PLAIN[kind](data, name)


def _answered(data: Data, name: str, total: int) -> str:
    is_finish = data["to"] == Sent.FINISH
    if data["told"] == Told.NOTHING:
        what = "The answer to the last byte" if is_finish else "The connection under the bytes"
        return f"{what} was lost."
    to = "the request that completes the upload" if is_finish else "the bytes"
    return f"{name} answered {to}: {_told(data, total)}."


def _told(data: Data, total: int) -> str:
    match Told(data["told"]):
        case Told.HELD:
            return amount(data["offset"], total)
        case Told.FINISHED:
            return f"everything, and the video is {data['platformId']}"
        case Told.UNCLEAR:
            return "nothing that decides it"
        case Told.ERROR:
            return f"an error, {data['code']}"
        case Told.NOTHING:
            return "no answer came"
        case Told.ABSENT:
            return "it is not there"


def _opened(data: Data, name: str) -> str:
    known = f" for the video {data['videoId']}" if "videoId" in data else ""
    return f"{name} opened an upload session{known}."


def _lost(data: Data, name: str) -> str:
    denied = f"{name} does not know the upload session any more."
    if data["mayExist"]:
        return f"{denied} It may have made the video: the account's videos are read first."
    return f"{denied} It can have made nothing: the upload begins anew."


def _reconciled(data: Data, _name: str) -> str:
    match Told(data["told"]):
        case Told.FINISHED:
            return f"The account's videos were read: {data['platformId']} is the one."
        case Told.ABSENT:
            return "The account's videos were read: it is not among them."
        case _:
            return "The account's videos were read, and that decided nothing."


_PLAIN: Mapping[EvidenceKind, Callable[[Data, str], str]] = {
    EvidenceKind.SESSION_OPENED: _opened,
    EvidenceKind.FINISH_SENT: lambda _data, _name: "The request that completes the upload leaves.",
    EvidenceKind.SESSION_LOST: _lost,
    EvidenceKind.RECONCILED: _reconciled,
    EvidenceKind.SESSION_DISCARDED: lambda _data, _name: "The upload session was given up.",
    EvidenceKind.FORCED: lambda data, _name: f"A person had it sent anew: {data['reason']}",
}
