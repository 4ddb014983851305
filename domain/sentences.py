"""The story of an assignment in sentences for a person: one for every state and observation.

Pure: what is stored goes in, words come out, so that the API, its plain text and the command
line tell the same. A sentence says what happened and nothing that only a programmer wants to
know; the codes stand beside it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from domain.evidence import During, EvidenceKind, Loss, Sent, Told
from domain.states import AssignmentState, KnownBy, PlatformName, StepName, WaitReason

Data = Mapping[str, Any]

NAMES = {PlatformName.YOUTUBE: "YouTube", PlatformName.FACEBOOK: "Facebook"}
"""As people write them."""

OPEN_FINISH = (
    "A request that completes the upload had been sent, and no answer to it is known: a video may "
    "be there. Look at the account before it is published anew."
)
"""What is to be known of an upload that ended in between, or whose reading was ended."""

UNREAD_GAP = (
    "The database was restored from a backup, and the account could not be read since: a video "
    "may be there. Look at the account before it is published again."
)
"""What is to be known of an assignment that ended before it was read back."""

QUEUED = (
    "Queued: the workspace has as many transfers under way as its share allows. It starts when "
    "one of them ends."
)
"""What is to be known of an assignment that waits for a free transfer."""

_UNITS = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"), (1, "bytes"))

_WAITS = {
    WaitReason.SCHEDULE: "its time",
    WaitReason.CONNECTION: "the connection to be authorized again",
    WaitReason.QUOTA: "{platform}'s budget",
    WaitReason.PLATFORM: "{platform}",
    WaitReason.SOURCE: "its source",
}
_KNOWN = {
    KnownBy.ANSWER: "{platform} said so itself",
    KnownBy.READ_BACK: "the last answer was lost or unclear, and {platform} was asked",
    KnownBy.LISTING: "it was found among the account's videos",
    KnownBy.HISTORY: "the database was restored, and Temporal's history of the upload has it",
}
_STOPS = {
    "interrupted": "The worker was stopped; another one goes on.",
    "cancelled": "The transfer was stopped: the assignment was cancelled.",
    "run_ended": "The transfer was stopped: Temporal does not hold this run of it any more.",
    "source_slow": "The source is slow. The upload continues from its byte in the slow lane.",
}
_LOSSES = {
    Loss.TERMINATED: "Its workflow was terminated at {since}.",
    Loss.TIMED_OUT: "Its workflow timed out at {since}.",
    Loss.MISSING: "Temporal does not know its workflow. The last sign of it is of {since}.",
    Loss.FAILED: "Its workflow failed at {since} and recorded no end.",
    Loss.CANCELLED: "Its workflow was cancelled at {since} and recorded no end.",
    Loss.COMPLETED: "Its workflow completed at {since}, and the database does not hold its end.",
}
_TRIED = {
    During.CREDENTIAL: "Getting a valid credential",
    During.SOURCE: "Reading the source",
    During.SESSION: "Opening the upload session",
    During.BYTES: "Sending the bytes",
    During.FINISH: "Completing the upload",
    During.LOOK: "The read-back",
}
_DONE = {
    StepName.THUMBNAIL: "Its thumbnail was set.",
    StepName.CAPTIONS: "Its captions were added.",
    StepName.PLAYLIST: "It was added to its playlists.",
}
_STEPS = {
    StepName.PROCESSING: "Looking at the processing",
    StepName.THUMBNAIL: "Its thumbnail",
    StepName.CAPTIONS: "Its captions",
    StepName.PLAYLIST: "Adding it to its playlists",
}
_WARNINGS = {f"{step}_failed": thing for step, thing in _STEPS.items()}


def amount(held: int, total: int) -> str:
    """So much of so much, in the unit that fits the whole: all of it only where nothing is missing.

    What is held is rounded down, and the whole up.
    """
    size, unit = next((one for one in _UNITS if total >= one[0]), _UNITS[-1])
    digits = 0 if size == 1 else 1
    parts = 10**digits
    whole = -(-total * parts // size)
    part = whole if held >= total else held * parts // size
    return f"{part / parts:.{digits}f} of {whole / parts:.{digits}f} {unit}"


def repeated(sentence: str, times: int, *, until: str) -> str:
    """The sentence of what was seen so often, the last time at that moment."""
    return sentence if times == 1 else f"{sentence} ({times} times, until {until})"


def of_state(
    state: AssignmentState, data: Data, platform: PlatformName, *, turn: int | None = None
) -> str:
    """How an assignment stands; `data` as its events have it.

    Of an event `turn` counts how often its attempt has come into the state.
    """
    name = NAMES[platform]
    match state:
        case AssignmentState.PENDING:
            return _pending(data, turn)
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
            where = f"It is published: {data.get('platformUrl') or data.get('platformId')}"
            return " ".join([where, *map(_warned, (data.get("warnings") or {}).items())])
        case AssignmentState.FAILED:
            return f"It failed. {data.get('error') or ''}".rstrip()
        case AssignmentState.CANCELLED:
            return f"It was cancelled. {data.get('error') or ''}".rstrip()


def _pending(data: Data, turn: int | None) -> str:
    if data.get("queuedAt"):
        return QUEUED
    if turn is None:
        return "It takes its turn."
    if turn > 1:
        return "It takes its turn again."
    return f"Attempt {data['attempt']} was begun." if data["attempt"] > 1 else "It was accepted."


def waited_for(data: Data, platform: PlatformName) -> str:
    """What a waiting assignment waits for, and until when."""
    thing = _WAITS[WaitReason(data["waitReason"])].format(platform=NAMES[platform])
    if not data.get("waitUntil"):
        return thing
    if data["waitReason"] == WaitReason.SOURCE:
        return f"{thing}, which is tried again at {data['waitUntil']}"
    return f"{thing}, until {data['waitUntil']}"


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
            return _STOPS.get(data["code"]) or _stopped(data)
        case EvidenceKind.STEP:
            return _stepped(data)
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


def _stopped(data: Data) -> str:
    tried = _TRIED[During(data["during"])] if "during" in data else "The transfer"
    return f"{tried} failed: {data['error']}"


def _stepped(data: Data) -> str:
    step = StepName(data["step"])
    if data["told"] == Told.FINISHED:
        return _DONE[step]
    lacks = " for want of a valid credential" if data.get("during") == During.CREDENTIAL else ""
    return f"{_STEPS[step]} failed{lacks}: {data['error']}"


def _warned(warning: tuple[str, str]) -> str:
    code, sentence = warning
    return f"{_WARNINGS[code]} failed: {sentence}" if code in _WARNINGS else sentence


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
        case Told.HELD:
            return "The video was read: the upload is there after all, and goes on."
        case _:
            return "The account's videos were read, and that decided nothing."


def _read_back(data: Data, name: str) -> str:
    read = f"The database was restored. The account's videos since {data['since']} were read"
    match Told(data["told"]):
        case Told.FINISHED:
            return f"{read}: {data['platformId']} is the one."
        case Told.ABSENT:
            return f"{read}: it is not among them."
        case _:
            found = ", ".join(map(_candidate, data.get("candidates", ())))
            return f"{read}. {name} does not tell for certain whether it is among them" + (
                f"; it may be {found}." if found else "."
            )


def _candidate(video: Data) -> str:
    title = f' "{video["title"]}"' if video.get("title") else ""
    where = f" ({video['url']})" if video.get("url") else ""
    return f"{video['id']}{title}{where}"


def _workflow_lost(data: Data, _name: str) -> str:
    what = _LOSSES[Loss(data["how"])].format(since=data["since"])
    return f"{what} Another workflow continues from the recorded state."


def _replaced(data: Data, _name: str) -> str:
    if data["same"]:
        return "The video has another address. It is the same file, and the upload continues."
    return "The video was replaced by another file. Its upload begins again."


def _retried(data: Data, _name: str) -> str:
    return f"A retry does again what had failed: {', '.join(data['steps'])}."


_PLAIN: Mapping[EvidenceKind, Callable[[Data, str], str]] = {
    EvidenceKind.SESSION_OPENED: _opened,
    EvidenceKind.FINISH_SENT: lambda _data, _name: "The request that completes the upload leaves.",
    EvidenceKind.SESSION_LOST: _lost,
    EvidenceKind.RECONCILED: _reconciled,
    EvidenceKind.READ_BACK: _read_back,
    EvidenceKind.SESSION_DISCARDED: lambda _data, _name: "The upload session was given up.",
    EvidenceKind.SOURCE_REPLACED: _replaced,
    EvidenceKind.STEPS_RETRIED: _retried,
    EvidenceKind.WORKFLOW_LOST: _workflow_lost,
    EvidenceKind.FORCED: lambda data, _name: f"A person ended the reading: {data['reason']}",
}
