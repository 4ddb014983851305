"""Events: each end is recorded once, everything recorded is told, in sequence, by a number once."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from chaos.facts import Broken, Facts, Finding, Row

ENDS = ("published", "failed", "cancelled")


def judge_events(facts: Facts) -> Iterator[Finding]:
    """Every event that is missing, too many or out of sequence. Pure."""
    yield from _of_ends_told(facts)
    yield from _of_webhooks(facts)
    yield from _of_numbers(facts)


def _of_ends_told(facts: Facts) -> Iterator[Finding]:
    """Each end is an event, once."""
    told = Counter((event["subjectId"], event["type"]) for event in facts.events)
    for row in facts.assignments:
        end = f"assignment.{row['state']}"
        if row["state"] in ENDS and told[row["id"], end] != 1:
            count = told[row["id"], end]
            yield Finding(Broken.UNTOLD, row["id"], f"{end} was recorded {count} times")


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
