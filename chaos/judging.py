"""The verdict: what was promised, held against what is there after the storm.

Pure functions of the collected facts: what was accepted, what the API says of it, what the
platforms hold, what was recorded as events and what was told as webhooks. The platforms' own
word on a video decides whether a failure was injected: nothing else in the emulator makes one
fail. A finding is a broken promise; without one the verdict is green.

After a restore three things differ. An order whose acceptance was restored over may have been
accepted again, and then each acceptance may have made a video; or its customer knows how it ended,
and no assignment stands for it. A Page's video that cannot be told from another one may
be left to a person, with its candidates. Numbers of events jump, and still none is used twice.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from chaos.facts import Broken, Facts, Finding, Row, Wanted
from chaos.sequence import ENDS, judge_events


def judge(facts: Facts) -> list[Finding]:
    """Every broken promise. Empty is green."""
    return [
        *_of_assignments(facts),
        *judge_events(facts),
        *_of_connections(facts),
        *_of_installation(facts),
    ]


def has_ended(row: Row, *, is_restored: bool) -> bool:
    """True when nothing more happens to an assignment without a person."""
    return row["state"] in ENDS or (is_restored and _is_left_to_a_person(row))


def _is_left_to_a_person(row: Row) -> bool:
    is_unclear = (row["platform"], row["state"]) == ("facebook", "unconfirmed")
    return is_unclear and bool(row["candidates"])


def _of_assignments(facts: Facts) -> Iterator[Finding]:
    rows = {row["id"]: row for row in facts.assignments}
    keys = Counter(row["externalId"] for row in facts.assignments)
    made = defaultdict(list)
    for video in facts.videos:
        made[video["title"]].append(video)
    for wanted in facts.wanted:
        subject, videos = wanted.assignment_id or wanted.key, made[wanted.title]
        # After a restore a person has those sent again that the platform refused in the gap.
        counted = [one for one in videos if not (facts.is_restored and injected_failure(one))]
        if len(counted) > 1 + len(wanted.forgotten):
            ids = ", ".join(video["id"] for video in counted)
            yield Finding(Broken.DUPLICATE, subject, f"{len(counted)} videos: {ids}")
        if keys[wanted.key] > 1:
            count = keys[wanted.key]
            yield Finding(Broken.DUPLICATE, subject, f"{count} assignments for one key")
        if wanted.assignment_id in rows:
            row = rows[wanted.assignment_id]
            yield from _of_end(wanted, row, videos, is_restored=facts.is_restored)
        elif wanted.assignment_id is not None:
            yield Finding(Broken.LOST, subject, "accepted, and unknown to the API")
        elif wanted.forgotten:
            yield from _of_forgotten(wanted, videos, facts)
        else:
            yield Finding(Broken.STUCK, subject, "never accepted")


def _of_forgotten(wanted: Wanted, videos: Sequence[Row], facts: Facts) -> Iterator[Finding]:
    """No assignment stands for it: it has to have ended, and its customer has to know."""
    (*_, latest) = wanted.forgotten
    match end_of(latest, facts.told, facts.orphans):
        case None:
            yield Finding(Broken.LOST, latest, "restored over, not listed and not accepted again")
        case "failed" if not any(map(injected_failure, videos)):
            yield Finding(Broken.LOST, latest, "restored over, and failed for no injected cause")
        case "published" if all(_flaw_of(wanted, video) for video in videos):
            yield Finding(Broken.LOST, latest, "restored over and said to be published, but is not")


def end_of(assignment_id: str, told: Sequence[Row], orphans: Sequence[Row]) -> str | None:
    """How a webhook or the list of orphans says that an assignment ended; None: neither does."""
    for event in told:
        end: str = event["type"].removeprefix("assignment.")
        if event["subjectId"] == assignment_id and end in ENDS:
            return end
    for orphan in orphans:
        if orphan["assignmentId"] == assignment_id and orphan["platformId"]:
            return "published"
    return None


def _of_end(
    wanted: Wanted, row: Row, videos: Sequence[Row], *, is_restored: bool
) -> Iterator[Finding]:
    subject, state, code = row["id"], row["state"], row["errorCode"]
    match state:
        case "published":
            if reason := _flaw(wanted, row, videos):
                yield Finding(Broken.LOST, subject, f"published, but {reason}")
        case "failed":
            if code not in {injected_failure(video) for video in videos} - {None}:
                yield Finding(Broken.LOST, subject, f"failed with {code}, which was not injected")
        case "cancelled":
            yield Finding(Broken.LOST, subject, "cancelled by nobody")
        case _ if not has_ended(row, is_restored=is_restored):
            reason = row["waitReason"] or row["errorCode"] or "nothing"
            yield Finding(Broken.STUCK, subject, f"still {state}, waiting for {reason}")


def _flaw(wanted: Wanted, row: Row, videos: Sequence[Row]) -> str | None:
    """What is wrong with what is there, or None."""
    found = next((video for video in videos if video["id"] == row["platformId"]), None)
    return _flaw_of(wanted, found) if found else "its video is not there"


def _flaw_of(wanted: Wanted, found: Row) -> str | None:
    if (found["bytes"], found["sha256"]) != (wanted.size, wanted.sha256):
        return "its video is not the file that was sent"
    if not _is_visible(found):
        return "nobody can see its video"
    return None


def _is_visible(video: Row) -> bool:
    if video["platform"] == "youtube":
        return (video["upload_status"], video["privacy_status"]) == ("processed", "public")
    return bool(video["published"])


def injected_failure(video: Row) -> str | None:
    """Our code for the platform's final word on a video; None while it has not failed."""
    if video["platform"] == "youtube":
        return _YOUTUBE_FAILURES.get(video["upload_status"])
    if video["video_status"] == "error":
        return "resolution_unsupported"
    return "copyright" if video["publish_status"] == "error" else None


_YOUTUBE_FAILURES = {"failed": "processing_failed_conversion", "rejected": "rejected_duplicate"}
"""What the emulator's faults mean when they give no reason of their own."""


def _of_installation(facts: Facts) -> Iterator[Finding]:
    if facts.is_restored != facts.is_noticed:
        sentence = "was not noticed" if facts.is_restored else "is claimed, and none happened"
        yield Finding(Broken.UNNOTICED, "the restore", sentence)
    for lacking in facts.lacking:
        yield Finding(Broken.UNPREPARED, lacking, "is missing in Temporal and was not set up again")
    for workflow_id in facts.running:
        yield Finding(Broken.LEFT_RUNNING, workflow_id, "runs, and nothing is left to do for it")


def _of_connections(facts: Facts) -> Iterator[Finding]:
    for connection in facts.connections:
        if connection["health"] != "healthy":
            sentence = f"is {connection['health']}: {connection['healthReason']}"
            yield Finding(Broken.UNHEALTHY, connection["id"], sentence)
