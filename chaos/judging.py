"""The verdict: what was promised, held against what is there after the storm.

Pure functions of the collected facts: what was accepted, what the API says of it, what the
platforms hold, what was recorded as events and what was told as webhooks. The platforms' own
word on a video decides whether a failure was injected: nothing else in the emulator makes one
fail. A finding is a broken promise; without one the verdict is green.

After a restore three things differ. An order whose acceptance was restored over may have been
accepted again, and then each acceptance may have made a video; or its customer knows that it is
published, and no assignment stands for it. A Page's video that cannot be told from another one may
be left to a person, with its candidates. Numbers of events jump, and still none is used twice.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Row = Mapping[str, Any]


class Broken(StrEnum):
    """Which promise."""

    DUPLICATE = "duplicate"  # more than one video, or more than one assignment for one key
    LOST = "lost"  # accepted, and not there, or not what was sent, or failed for no good reason
    STUCK = "stuck"  # not settled, or never accepted
    UNTOLD = "untold"  # an event that no webhook brought, or brought out of sequence
    RENUMBERED = "renumbered"  # two events with one number
    UNHEALTHY = "unhealthy"  # a connection that needs a person, though nobody revoked anything
    UNPREPARED = "unprepared"  # Temporal lacks what the workers set up
    LEFT_RUNNING = "left running"  # a workflow whose assignment has ended


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was posted."""

    title: str
    key: str
    platform: str
    size: int
    sha256: str
    assignment_id: str | None
    """None: it was never accepted, or its only acceptance was restored over."""
    forgotten: Sequence[str] = ()
    """Ids of acceptances that a restore took back."""


@dataclass(frozen=True, slots=True)
class Facts:
    wanted: Sequence[Wanted]
    assignments: Sequence[Row]
    """As the API lists them."""
    videos: Sequence[Row]
    """Everything that became a video, as the emulator shows it."""
    events: Sequence[Row]
    told: Sequence[Row]
    """Webhooks, in the order in which they were taken."""
    connections: Sequence[Row] = ()
    is_restored: bool = False
    orphans: Sequence[Row] = ()
    """Workflows without a row, as Castline lists them."""
    lacking: Sequence[str] = ()
    """What Castline sets up in Temporal and what is missing there."""
    running: Sequence[str] = ()
    """Ids of assignments' workflows that run when everything has ended."""


@dataclass(frozen=True, slots=True)
class Finding:
    broken: Broken
    subject: str
    """The assignment's id; its key where it has none; a connection's id."""
    sentence: str


def judge(facts: Facts) -> list[Finding]:
    """Every broken promise. Empty is green."""
    return [
        *_of_assignments(facts),
        *_of_ends_told(facts),
        *_of_webhooks(facts),
        *_of_numbers(facts),
        *_of_connections(facts),
        *_of_temporal(facts),
    ]


def has_ended(row: Row, *, is_restored: bool) -> bool:
    """True when nothing more happens to an assignment without a person."""
    return row["state"] in _ENDS or (is_restored and _is_left_to_a_person(row))


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
        if len(videos) > 1 + len(wanted.forgotten):
            ids = ", ".join(video["id"] for video in videos)
            yield Finding(Broken.DUPLICATE, subject, f"{len(videos)} videos: {ids}")
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
    """No assignment stands for it: it has to be published, and its customer has to know."""
    (*_, latest) = wanted.forgotten
    if not was_published(latest, facts.told, facts.orphans):
        yield Finding(Broken.LOST, latest, "restored over, not listed and not accepted again")
    elif all(_flaw_of(wanted, video) for video in videos):
        yield Finding(Broken.LOST, latest, "restored over and said to be published, but is not")


def was_published(assignment_id: str, told: Sequence[Row], orphans: Sequence[Row]) -> bool:
    """True when a webhook or the list of orphans says that the platform has its video."""
    end = "assignment.published"
    return any(
        (event["subjectId"], event["type"]) == (assignment_id, end) for event in told
    ) or any(orphan["assignmentId"] == assignment_id and orphan["platformId"] for orphan in orphans)


def _of_ends_told(facts: Facts) -> Iterator[Finding]:
    """Each end is an event, once."""
    told = Counter((event["subjectId"], event["type"]) for event in facts.events)
    for row in facts.assignments:
        end = f"assignment.{row['state']}"
        if row["state"] in _ENDS and told[row["id"], end] != 1:
            count = told[row["id"], end]
            yield Finding(Broken.UNTOLD, row["id"], f"{end} was recorded {count} times")


_ENDS = ("published", "failed", "cancelled")


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


def untold(events: Sequence[Row], told: Sequence[Row]) -> list[Row]:
    """The events that no webhook has brought yet."""
    arrived = {event["id"] for event in told}
    return [event for event in events if event["id"] not in arrived]


def _of_webhooks(facts: Facts) -> Iterator[Finding]:
    for event in untold(facts.events, facts.told):
        sentence = f"{event['type']} ({event['number']}) was never told"
        yield Finding(Broken.UNTOLD, event["subjectId"], sentence)
    latest: dict[str, int] = {}
    seen = set()
    for event in facts.told:
        if event["id"] in seen:
            continue
        seen.add(event["id"])
        before = latest.get(event["subjectId"], 0)
        if event["number"] < before:
            sentence = f"{event['type']} ({event['number']}) came after {before}"
            yield Finding(Broken.UNTOLD, event["subjectId"], sentence)
        latest[event["subjectId"]] = max(before, event["number"])


def _of_numbers(facts: Facts) -> Iterator[Finding]:
    """A number stands for one event, also where a restore took the first one back."""
    ids: dict[int, set[str]] = defaultdict(set)
    for event in (*facts.events, *facts.told):
        ids[event["number"]].add(event["id"])
    for number, events in ids.items():
        if len(events) > 1:
            sentence = f"is the number of {len(events)} events: {', '.join(sorted(events))}"
            yield Finding(Broken.RENUMBERED, str(number), sentence)


def _of_temporal(facts: Facts) -> Iterator[Finding]:
    for lacking in facts.lacking:
        yield Finding(Broken.UNPREPARED, lacking, "is missing in Temporal and was not set up again")
    for workflow_id in facts.running:
        yield Finding(Broken.LEFT_RUNNING, workflow_id, "runs, and nothing is left to do for it")


def _of_connections(facts: Facts) -> Iterator[Finding]:
    for connection in facts.connections:
        if connection["health"] != "healthy":
            sentence = f"is {connection['health']}: {connection['healthReason']}"
            yield Finding(Broken.UNHEALTHY, connection["id"], sentence)
