"""What a workspace sent to us is published by its upload id, and nobody else publishes it."""

import hashlib
from pathlib import Path

from store.queries import workspaces
from store.queries.publishing import videos
from store.sealed import seal_into
from testkit.clips import CLIP
from testkit.pictures import png
from tests.support.stack import Stack, Tenant

FILES = "/api/v1/videos/files"


async def upload(tenant: Tenant, content: bytes) -> str:
    """Send a file to the resumable intake; return the upload's id."""
    http = tenant.stack.http
    common = {"Authorization": f"Bearer {tenant.key}", "Tus-Resumable": "1.0.0"}
    made = await http.post(FILES, headers={**common, "Upload-Length": str(len(content))})
    kind = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    sent = await http.patch(made.headers["Location"], headers={**common, **kind}, content=content)
    assert sent.status_code == 204, sent.text
    return made.headers["Location"].rpartition("/")[2]


async def test_an_upload_is_published_with_an_upload_as_its_thumbnail(
    tenant: Tenant, stack: Stack
) -> None:
    film, cover = await upload(tenant, CLIP.read_bytes()), await upload(tenant, png())
    video = await tenant.ask("POST", "/api/v1/videos", {"uploadId": film})

    published = await tenant.publish(
        await tenant.connection(),
        mediaUrl=None,
        videoId=video["id"],
        payload={"title": "Bread", "thumbnailUrl": f"upload:{cover}"},
    )

    assert (published["state"], published["warnings"]) == ("published", {})
    (there,) = stack.emulator.videos()
    assert there["sha256"] == hashlib.sha256(CLIP.read_bytes()).hexdigest()
    assert there["thumbnail_sha256"] == hashlib.sha256(png()).hexdigest()


async def test_a_transfer_reads_what_is_its_workspaces_and_nothing_else(
    tenant: Tenant, stack: Stack
) -> None:
    """A row that names another's file is no way to it: the transfer asks the policy again."""
    other = await stack.tenant(f"{tenant.workspace_id} and another")
    stored = await upload(other, CLIP.read_bytes())
    video = await tenant.ask("POST", "/api/v1/videos", {"sourceUrl": CLIP.as_uri()})
    private = stack.parts.settings.data_dir / "media" / other.workspace_id / stored
    for url, state, code in (
        # Like one that is not there: it is waited for, and never read.
        (f"upload:{stored}", "waiting", "source_missing"),
        (private.as_uri(), "failed", "source_not_allowed"),
        ((stack.parts.settings.data_dir / "keyset.json").as_uri(), "failed", "source_not_allowed"),
    ):
        with stack.parts.store.write() as session:
            seal_into(session, videos.get_video_by_id(session, video["id"]), source_url=url)

        assignment = await tenant.assign(
            await tenant.connection(), mediaUrl=None, videoId=video["id"], payload={"title": "x"}
        )

        seen = await tenant.until(assignment["id"], "waiting", "failed", "published")
        assert (seen["state"], seen["errorCode"]) == (state, code)
    assert stack.emulator.videos() == []


async def test_a_root_that_was_taken_away_is_not_read_by_what_was_accepted(
    tenant: Tenant, stack: Stack, tmp_path: Path
) -> None:
    film = tmp_path / "bread.mp4"
    film.write_bytes(CLIP.read_bytes())
    with stack.parts.store.write() as session:
        workspaces.add_media_root(session, tenant.workspace_id, folder=tmp_path)
    video = await tenant.ask("POST", "/api/v1/videos", {"sourceUrl": film.as_uri()})
    with stack.parts.store.write() as session:
        workspaces.remove_media_root(session, tenant.workspace_id, folder=tmp_path)

    failed = await tenant.publish(
        await tenant.connection(), mediaUrl=None, videoId=video["id"], payload={"title": "x"}
    )

    assert (failed["state"], failed["errorCode"]) == ("failed", "source_not_allowed")
