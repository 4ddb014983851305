"""Videos as `GET /_emulator/state` and their pages show them: everything a test may ask."""

from typing import Any

from emulator.google.youtube.library import Video
from emulator.google.youtube.metadata import publish_moment
from emulator.google.youtube.processing import progress
from emulator.google.youtube.service import Service
from emulator.plain import to_plain


def described(service: Service, video: Video) -> dict[str, Any]:
    """Show a video."""
    stand = progress(video, service.clock.now())
    return {
        "id": video.id,
        "platform": "youtube",
        "owner": video.owner,
        "title": video.snippet["title"],
        "description": video.snippet.get("description", ""),
        "tags": video.snippet.get("tags", []),
        "privacy_status": video.status["privacyStatus"],
        "publish_at": publish_moment(video.status),
        "bytes": video.bytes,
        "sha256": video.sha256,
        "upload_status": stand.upload_status,
        "processing_status": stand.processing_status,
        "file_name": video.file_name,
        "thumbnail_sha256": video.thumbnail_sha256,
        "captions": [to_plain(caption) for caption in video.captions],
        "playlists": [
            playlist.id
            for playlist in service.library.playlists.values()
            for item in playlist.items
            if item.video == video.id
        ],
        "published_at": video.uploaded_at,
    }
