"""A step sends the bytes that were accepted, read by the policy of the assignment's workspace."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.contract.assignments import StepInput, TransferInput
from activities.contract.trouble import Kind, Trouble
from activities.publishing.processing import PublishingActivities
from activities.publishing.transferring import TransferActivities
from domain.states import KnownBy, StepName
from media.policy import SourcePolicies
from platforms.registry import Registry
from platforms.youtube.publishing.extras import attachments
from store.queries.publishing import assignments, progress, steps, videos
from store.queries.publishing.attachments import note_missing
from store.sealed import seal_into, seal_payload_into
from store.tables import Assignment
from testkit.pictures import SRT, jpeg, png
from tests.activities.conftest import LIMITS, DirectedPlatform, Installation
from tests.support.attachments import pin_local


class ReadingPlatform(DirectedPlatform):
    """Its steps read what they are for, and send nothing."""

    def forget(self) -> None:
        super().forget()
        self.sent: list[bytes] = []

    def run_step(self, *about: Any, uploaded_at: datetime | None = None, **more: Any) -> None:
        step, _, _, payload = about
        field = "thumbnailUrl" if step is StepName.THUMBNAIL else "captions"
        named = [one for one in attachments(payload) if one.field == field]
        self.sent += [more["read"](one).content for one in named]


@pytest.fixture
def platform() -> ReadingPlatform:
    return ReadingPlatform()


def write_payload(session: Session, assignment_id: str, payload: dict[str, Any]) -> None:
    row = assignments.get_assignment_by_id(session, assignment_id)
    seal_payload_into(session, row, payload=payload)


def accepted(installation: Installation, payload: dict[str, Any]) -> Assignment:
    """An uploaded assignment whose files were accepted as they are now."""
    row = installation.assignment()
    with installation.store.write() as session:
        write_payload(session, row.id, {"title": "A clip", **payload})
        pin_local(session, row.id, attachments(payload))
        progress.note_finished(session, row.id, platform_id="dQw", known_by=KnownBy.ANSWER)
    return row


def run(
    installation: Installation,
    platform: ReadingPlatform,
    row: Assignment,
    policies: SourcePolicies,
    step: StepName = StepName.THUMBNAIL,
) -> None:
    registry = Registry({"youtube": platform})
    publishing = PublishingActivities(installation.store, registry, installation.keeper, policies)
    ActivityEnvironment().run(publishing.run_step, StepInput(row.id, row.attempt, step))


def roots(installation: Installation, ours: Path, theirs: Path, data_dir: Path) -> SourcePolicies:
    """`ours` belongs to the workspace of the assignment, `theirs` to another one."""

    def roots_of(workspace_id: str) -> tuple[Path, ...]:
        return (ours,) if workspace_id == installation.workspace.id else (theirs,)

    return SourcePolicies(data_dir=data_dir, roots_of=roots_of)


def refusal(caught: pytest.ExceptionInfo[ApplicationError]) -> str:
    (trouble,) = caught.value.details
    assert isinstance(trouble, Trouble)
    assert caught.value.type == Kind.REFUSED
    return trouble.code


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    return tmp_path / "ours", tmp_path / "theirs"


def test_what_was_accepted_is_sent(
    installation: Installation, platform: ReadingPlatform, folders: tuple[Path, Path]
) -> None:
    ours, theirs = folders
    (ours / "cover.png").write_bytes(png())
    (ours / "en.srt").write_bytes(SRT)
    payload = {
        "thumbnailUrl": (ours / "cover.png").as_uri(),
        "captions": [{"language": "en", "url": (ours / "en.srt").as_uri()}],
    }
    row = accepted(installation, payload)
    policies = roots(installation, ours, theirs, ours.parent / "data")
    for step in (StepName.THUMBNAIL, StepName.CAPTIONS):
        run(installation, platform, row, policies, step)
    assert platform.sent == [png(), SRT]


@pytest.mark.parametrize("other", [jpeg(), png(65, 36), b'{"primaryKeyId": 7}'])
def test_other_bytes_than_those_accepted_are_not_sent(
    installation: Installation,
    platform: ReadingPlatform,
    folders: tuple[Path, Path],
    other: bytes,
) -> None:
    ours, theirs = folders
    cover = ours / "cover.png"
    cover.write_bytes(png())
    row = accepted(installation, {"thumbnailUrl": cover.as_uri()})
    before = cover.stat()
    cover.write_bytes(other)
    os.utime(cover, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ApplicationError) as caught:
        run(installation, platform, row, roots(installation, ours, theirs, ours.parent / "data"))
    assert refusal(caught) == "attachment_changed"
    assert platform.sent == []
    with installation.store.read() as session:
        (step,) = steps.list_steps(session, row.id)
    assert step.error_code == "attachment_changed"


def accepted_as_missing(installation: Installation, payload: dict[str, Any]) -> Assignment:
    """An uploaded assignment whose file its origin refused at acceptance."""
    row = accepted(installation, {})
    with installation.store.write() as session:
        write_payload(session, row.id, {"title": "A clip", **payload})
        note_missing(session, row.id, attachments(payload))
    return row


def test_what_was_missing_at_acceptance_is_pinned_when_it_is_first_seen(
    installation: Installation, platform: ReadingPlatform, folders: tuple[Path, Path]
) -> None:
    ours, theirs = folders
    cover = ours / "cover.png"
    cover.write_bytes(png())
    row = accepted_as_missing(installation, {"thumbnailUrl": cover.as_uri()})
    policies = roots(installation, ours, theirs, ours.parent / "data")
    run(installation, platform, row, policies)
    assert platform.sent == [png()]
    cover.write_bytes(jpeg())
    with pytest.raises(ApplicationError) as caught:
        run(installation, platform, row, policies)
    assert refusal(caught) == "attachment_changed"


def test_what_was_missing_at_acceptance_is_judged_when_it_is_first_seen(
    installation: Installation, platform: ReadingPlatform, folders: tuple[Path, Path]
) -> None:
    ours, theirs = folders
    keys = ours / "en.srt"
    keys.write_bytes(b'{"primaryKeyId": 7, "key": []}')
    captions = [{"language": "en", "url": keys.as_uri()}]
    row = accepted_as_missing(installation, {"captions": captions})
    policies = roots(installation, ours, theirs, ours.parent / "data")
    with pytest.raises(ApplicationError) as caught:
        run(installation, platform, row, policies, StepName.CAPTIONS)
    assert refusal(caught) == "attachment_not_captions"
    assert platform.sent == []


def test_what_was_never_accepted_is_not_sent(
    installation: Installation, platform: ReadingPlatform, folders: tuple[Path, Path]
) -> None:
    ours, theirs = folders
    (ours / "cover.png").write_bytes(png())
    row = accepted(installation, {})
    with installation.store.write() as session:
        payload = {"thumbnailUrl": (ours / "cover.png").as_uri()}
        write_payload(session, row.id, payload)
    with pytest.raises(ApplicationError) as caught:
        run(installation, platform, row, roots(installation, ours, theirs, ours.parent / "data"))
    assert refusal(caught) == "attachment_changed"


def test_a_step_reads_no_other_workspaces_root(
    installation: Installation, platform: ReadingPlatform, folders: tuple[Path, Path]
) -> None:
    ours, theirs = folders
    (theirs / "cover.png").write_bytes(png())
    row = accepted(installation, {"thumbnailUrl": (theirs / "cover.png").as_uri()})
    with pytest.raises(ApplicationError) as caught:
        run(installation, platform, row, roots(installation, ours, theirs, ours.parent / "data"))
    assert refusal(caught) == "source_not_allowed"


def test_a_step_reads_nothing_of_castlines_own_data(
    installation: Installation, platform: ReadingPlatform, folders: tuple[Path, Path]
) -> None:
    ours, theirs = folders
    data = ours / "data"
    data.mkdir()
    (data / "cover.png").write_bytes(png())
    row = accepted(installation, {"thumbnailUrl": (data / "cover.png").as_uri()})
    with pytest.raises(ApplicationError) as caught:
        run(installation, platform, row, roots(installation, ours, theirs, data))
    assert refusal(caught) == "source_not_allowed"


@pytest.mark.parametrize("place", ["theirs", "data/media/wsp_theirs"])
def test_a_transfer_reads_no_other_workspaces_file(
    installation: Installation, folders: tuple[Path, Path], place: str
) -> None:
    ours, theirs = folders
    clip = ours.parent / place / "bread.mp4"
    clip.parent.mkdir(parents=True, exist_ok=True)
    clip.write_bytes(b"a video")
    row = installation.assignment()
    with installation.store.write() as session:
        video = videos.get_video_by_id(session, row.video_id)
        seal_into(session, video, source_url=clip.as_uri())
    policies = roots(installation, ours, theirs, ours.parent / "data")
    transfers = TransferActivities(
        installation.store,
        installation.vault,
        installation.registry,
        installation.keeper,
        policies,
        LIMITS,
    )
    with pytest.raises(ApplicationError) as caught:
        ActivityEnvironment().run(transfers.transfer, TransferInput(row.id, row.attempt))
    assert refusal(caught) == "source_not_allowed"
