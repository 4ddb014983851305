"""The verdict: green when all is well, and red for every single thing that is not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chaos.facts import Broken, Facts, Finding, Wanted
from chaos.judging import has_ended, judge
from chaos.sequence import untold

SIZE, SHA256 = 3_000_000, "5a1ff0a577ed753d9ce8038aee1108b8c51ab57290694586d51a4a5bad4ba249"
STATES = ("pending", "uploading", "uploaded", "processing")


def wanted(number: int, platform: str = "youtube") -> Wanted:
    return Wanted(
        title=f"Broadcast {number}",
        key=f"broadcast-{number}",
        platform=platform,
        size=SIZE,
        sha256=SHA256,
        assignment_id=f"asg_{number}",
    )


def row(number: int, state: str = "published", **more: Any) -> dict[str, Any]:
    return {
        "id": f"asg_{number}",
        "externalId": f"broadcast-{number}",
        "platform": "youtube",
        "state": state,
        "platformId": f"video-{number}",
        "errorCode": None,
        "waitReason": None,
        "candidates": None,
        **more,
    }


def on_youtube(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"video-{number}",
        "platform": "youtube",
        "title": f"Broadcast {number}",
        "bytes": SIZE,
        "sha256": SHA256,
        "upload_status": "processed",
        "privacy_status": "public",
        **more,
    }


def on_a_page(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"video-{number}",
        "platform": "facebook",
        "title": f"Broadcast {number}",
        "bytes": SIZE,
        "sha256": SHA256,
        "published": True,
        "video_status": "ready",
        "publish_status": "published",
        **more,
    }


def told(number: int, end: str = "published", first: int = 1) -> list[dict[str, Any]]:
    return [
        {
            "id": f"evt_{number}_{at}",
            "number": at,
            "subjectId": f"asg_{number}",
            "type": f"assignment.{state}",
        }
        for at, state in enumerate((*STATES, end), first)
    ]


@pytest.fixture
def well() -> Facts:
    """Two assignments as they should end: one on each platform, told one after the other."""
    events = [*told(1), *told(2, first=6)]
    return Facts(
        wanted=[wanted(1), wanted(2, "facebook")],
        assignments=[row(1), row(2, platform="facebook")],
        videos=[on_youtube(1), on_a_page(2)],
        events=events,
        told=events,
        connections=[{"id": "con_1", "health": "healthy", "healthReason": None}],
    )


def the_only(findings: list[Finding]) -> tuple[Broken, str]:
    (finding,) = findings
    return finding.broken, finding.subject


def test_what_ended_well_is_green(well: Facts) -> None:
    assert judge(well) == []


def test_a_second_video_is_a_duplicate(well: Facts) -> None:
    facts = replace(well, videos=[*well.videos, on_youtube(1, id="video-3")])
    assert the_only(judge(facts)) == (Broken.DUPLICATE, "asg_1")


def test_after_a_restore_a_refused_video_and_a_published_one_are_no_duplicates(well: Facts) -> None:
    refused = on_youtube(1, id="video-3", upload_status="failed")
    facts = replace(well, videos=[*well.videos, refused])
    assert the_only(judge(facts)) == (Broken.DUPLICATE, "asg_1")
    assert judge(replace(facts, is_restored=True, is_noticed=True)) == []


def test_a_second_assignment_for_a_key_is_a_duplicate(well: Facts) -> None:
    facts = replace(well, assignments=[*well.assignments, row(1, "cancelled", id="asg_3")])
    found = {(finding.broken, finding.subject) for finding in judge(facts)}
    assert (Broken.DUPLICATE, "asg_1") in found


def _wrong_bytes(facts: Facts) -> Facts:
    return replace(facts, videos=[on_youtube(1, sha256="another"), facts.videos[1]])


def _wrong_size(facts: Facts) -> Facts:
    return replace(facts, videos=[facts.videos[0], on_a_page(2, bytes=SIZE - 1)])


def _no_video(facts: Facts) -> Facts:
    return replace(facts, videos=facts.videos[1:])


def _another_video(facts: Facts) -> Facts:
    return replace(facts, videos=[on_youtube(1, id="video-3"), facts.videos[1]])


def _private(facts: Facts) -> Facts:
    return replace(facts, videos=[on_youtube(1, privacy_status="private"), facts.videos[1]])


def _a_draft(facts: Facts) -> Facts:
    return replace(facts, videos=[facts.videos[0], on_a_page(2, published=False)])


def _unprocessed(facts: Facts) -> Facts:
    return replace(facts, videos=[on_youtube(1, upload_status="failed"), facts.videos[1]])


def _no_row(facts: Facts) -> Facts:
    return replace(facts, assignments=facts.assignments[1:])


@pytest.mark.parametrize(
    "lose",
    [
        _wrong_bytes,
        _wrong_size,
        _no_video,
        _another_video,
        _private,
        _a_draft,
        _unprocessed,
        _no_row,
    ],
)
def test_what_is_not_there_as_it_was_sent_is_lost(
    well: Facts, lose: Callable[[Facts], Facts]
) -> None:
    assert [finding.broken for finding in judge(lose(well))] == [Broken.LOST]


def ended(facts: Facts, state: str, code: str | None, video: dict[str, Any] | None) -> Facts:
    """The first assignment with another end."""
    events = [*told(1, state), *told(2, first=6)]
    return replace(
        facts,
        assignments=[row(1, state, errorCode=code), row(2)],
        videos=[*([video] if video else []), on_a_page(2)],
        events=events,
        told=events,
    )


@pytest.mark.parametrize(
    ("code", "video"),
    [
        ("processing_failed_conversion", on_youtube(1, upload_status="failed")),
        ("rejected_duplicate", on_youtube(1, upload_status="rejected")),
        ("resolution_unsupported", on_a_page(1, video_status="error", published=False)),
        ("copyright", on_a_page(1, publish_status="error", published=False)),
    ],
)
def test_a_failure_that_was_injected_is_none(well: Facts, code: str, video: dict[str, Any]) -> None:
    assert judge(ended(well, "failed", code, video)) == []


@pytest.mark.parametrize(
    ("code", "video"),
    [
        ("platform_error", None),
        ("platform_error", on_youtube(1, upload_status="failed")),
        ("processing_failed_conversion", on_youtube(1)),
    ],
)
def test_a_failure_for_another_cause_is_a_loss(
    well: Facts, code: str, video: dict[str, Any] | None
) -> None:
    assert the_only(judge(ended(well, "failed", code, video))) == (Broken.LOST, "asg_1")


def test_what_nobody_cancelled_is_lost(well: Facts) -> None:
    assert the_only(judge(ended(well, "cancelled", None, None))) == (Broken.LOST, "asg_1")


@pytest.mark.parametrize("state", ["pending", "uploading", "waiting", "unconfirmed"])
def test_what_has_not_ended_is_stuck(well: Facts, state: str) -> None:
    facts = ended(well, state, "platform_error", None)
    assert the_only(judge(facts)) == (Broken.STUCK, "asg_1")


def test_what_was_never_accepted_is_stuck(well: Facts) -> None:
    refused = replace(wanted(3), assignment_id=None)
    facts = replace(well, wanted=[*well.wanted, refused])
    assert the_only(judge(facts)) == (Broken.STUCK, "broadcast-3")


def test_an_event_that_nobody_was_told_of_is_missing(well: Facts) -> None:
    facts = replace(well, told=well.told[1:])
    assert untold(facts.events, facts.told) == [well.events[0]]
    assert the_only(judge(facts)) == (Broken.UNTOLD, "asg_1")


def test_an_event_that_comes_before_an_earlier_one_is_out_of_sequence(well: Facts) -> None:
    swapped = [well.told[1], well.told[0], *well.told[2:]]
    assert the_only(judge(replace(well, told=swapped))) == (Broken.UNTOLD, "asg_1")


def test_an_event_may_come_again_at_any_time_and_subjects_do_not_wait(well: Facts) -> None:
    mixed = [*well.told[5:], *well.told[:5], well.told[0], well.told[6]]
    assert judge(replace(well, told=mixed)) == []


@pytest.mark.parametrize("times", [0, 2])
def test_an_end_is_recorded_once(well: Facts, times: int) -> None:
    last = well.events[4]
    others = [event for event in well.events if event is not last]
    ends = [
        {**last, "id": f"{last['id']}_{time}", "number": last["number"] + 100 * time}
        for time in range(times)
    ]
    events = [*others, *ends]
    facts = replace(well, events=events, told=sorted(events, key=lambda event: event["number"]))
    assert the_only(judge(facts)) == (Broken.UNTOLD, "asg_1")


def test_a_connection_that_needs_somebody_is_told(well: Facts) -> None:
    ill = {"id": "con_1", "health": "needs_reauth", "healthReason": "token_rejected"}
    facts = replace(well, connections=[ill])
    assert the_only(judge(facts)) == (Broken.UNHEALTHY, "con_1")


def test_what_the_workers_set_up_in_temporal_has_to_be_there(well: Facts) -> None:
    facts = replace(well, lacking=["Schedule care"])
    assert the_only(judge(facts)) == (Broken.UNPREPARED, "Schedule care")


def test_no_workflow_of_an_assignment_runs_when_all_have_ended(well: Facts) -> None:
    facts = replace(well, running=["assignment/asg_1"])
    assert the_only(judge(facts)) == (Broken.LEFT_RUNNING, "assignment/asg_1")


def test_a_number_stands_for_one_event_also_when_a_restore_took_that_one_back(well: Facts) -> None:
    lost = {**well.told[0], "id": "evt_lost", "subjectId": "asg_0"}
    facts = replace(well, told=[lost, *well.told], is_restored=True, is_noticed=True)
    assert the_only(judge(facts)) == (Broken.RENUMBERED, "1")


def test_numbers_may_jump_after_a_restore(well: Facts) -> None:
    later = told(2, first=1_000_001)
    events = [*told(1), *later]
    facts = replace(well, events=events, told=[*well.told, *later])
    assert judge(facts) == []


@pytest.fixture
def restored(well: Facts) -> Facts:
    """The first order was accepted as asg_0 before a restore and as asg_1 after it."""
    first = replace(wanted(1), forgotten=["asg_0"])
    return replace(well, wanted=[first, well.wanted[1]], is_restored=True, is_noticed=True)


def test_what_was_restored_over_may_be_accepted_again(restored: Facts) -> None:
    assert judge(restored) == []


def test_each_of_two_acceptances_may_have_made_a_video_and_no_more(restored: Facts) -> None:
    second = replace(restored, videos=[*restored.videos, on_youtube(1, id="video-3")])
    assert judge(second) == []
    third = replace(second, videos=[*second.videos, on_youtube(1, id="video-4")])
    assert the_only(judge(third)) == (Broken.DUPLICATE, "asg_1")


def forgotten(facts: Facts, **more: Any) -> Facts:
    """Nothing but the first order's video is left of it."""
    first = replace(facts.wanted[0], assignment_id=None)
    return replace(
        facts, wanted=[first, facts.wanted[1]], assignments=facts.assignments[1:], **more
    )


def gap_events(end: str = "published") -> list[dict[str, Any]]:
    return [{**event, "subjectId": "asg_0"} for event in told(0, end, first=501)]


def test_what_was_restored_over_and_not_accepted_again_is_lost(restored: Facts) -> None:
    assert the_only(judge(forgotten(restored))) == (Broken.LOST, "asg_0")


def test_a_customer_who_was_told_that_it_is_published_need_not_post_it_again(
    restored: Facts,
) -> None:
    facts = forgotten(restored, told=[*restored.told, *gap_events()])
    assert judge(facts) == []
    unpublished = replace(facts, videos=facts.videos[1:])
    assert the_only(judge(unpublished)) == (Broken.LOST, "asg_0")


def test_a_customer_who_was_told_of_an_injected_failure_need_not_either(restored: Facts) -> None:
    facts = forgotten(restored, told=[*restored.told, *gap_events("failed")])
    assert the_only(judge(facts)) == (Broken.LOST, "asg_0")
    rejected = [on_youtube(1, upload_status="rejected"), restored.videos[1]]
    assert judge(replace(facts, videos=rejected)) == []


def test_a_restore_has_to_be_noticed_and_nothing_else_taken_for_one(
    well: Facts, restored: Facts
) -> None:
    for facts in (replace(restored, is_noticed=False), replace(well, is_noticed=True)):
        assert the_only(judge(facts)) == (Broken.UNNOTICED, "the restore")


def test_an_orphan_with_its_video_need_not_be_posted_again(restored: Facts) -> None:
    listed = {"assignmentId": "asg_0", "platformId": "video-1"}
    assert judge(forgotten(restored, orphans=[listed])) == []
    unknown = {"assignmentId": "asg_0", "platformId": None}
    facts = forgotten(restored, orphans=[unknown])
    assert the_only(judge(facts)) == (Broken.LOST, "asg_0")


def unclear(facts: Facts, **more: Any) -> Facts:
    """The second assignment, of a Page, as `unconfirmed`."""
    second = row(2, "unconfirmed", **{"platform": "facebook", "platformId": None, **more})
    events = [*told(1), *told(2, "unconfirmed", first=6)]
    return replace(facts, assignments=[facts.assignments[0], second], events=events, told=events)


def test_after_a_restore_a_page_s_video_with_candidates_may_be_left_to_a_person(
    well: Facts, restored: Facts
) -> None:
    with_candidates = unclear(restored, candidates=[{"id": "video-2"}])
    assert judge(with_candidates) == []
    assert has_ended(with_candidates.assignments[1], is_restored=True)
    without = unclear(restored, candidates=[])
    assert the_only(judge(without)) == (Broken.STUCK, "asg_2")
    assert not has_ended(without.assignments[1], is_restored=True)
    on_the_other = unclear(restored, candidates=[{"id": "video-2"}], platform="youtube")
    assert the_only(judge(on_the_other)) == (Broken.STUCK, "asg_2")
    not_restored = unclear(well, candidates=[{"id": "video-2"}])
    assert the_only(judge(not_restored)) == (Broken.STUCK, "asg_2")
