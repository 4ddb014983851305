"""Uploads over a requests session that has logged in, as the platforms' guides write them.

For clients that bring login alone: what they sign is what is sent here.
"""

from typing import Any

from harness import FILE

GRAPH = "https://graph.facebook.com/v27.0"
CHUNK = 1024 * 1024


def upload_to_youtube(session: Any) -> str:
    """Send the file in chunks (guide: resumable upload protocol); return the video's id."""
    started = session.post(
        "https://www.googleapis.com/upload/youtube/v3/videos",
        params={"uploadType": "resumable", "part": "snippet,status"},
        json={"snippet": {"title": "A title"}, "status": {"privacyStatus": "private"}},
        headers={"X-Upload-Content-Type": "video/mp4"},
    )
    started.raise_for_status()
    content = FILE.read_bytes()
    for begin in range(0, len(content), CHUNK):
        chunk = content[begin : begin + CHUNK]
        span = f"bytes {begin}-{begin + len(chunk) - 1}/{len(content)}"
        answer = session.put(
            started.headers["Location"],
            data=chunk,
            headers={"Content-Range": span},
            allow_redirects=False,
        )
    answer.raise_for_status()
    video_id: str = answer.json()["id"]
    return video_id


def upload_to_page(session: Any) -> str:
    """Send the file in one request to the person's first Page; return the video's id."""
    listed = session.get(f"{GRAPH}/me/accounts", params={"fields": "id,name,access_token"})
    listed.raise_for_status()
    page = listed.json()["data"][0]
    with FILE.open("rb") as file:
        answer = session.post(
            f"https://graph-video.facebook.com/v27.0/{page['id']}/videos",
            data={"access_token": page["access_token"], "title": "A title"},
            files={"source": (FILE.name, file, "video/mp4")},
        )
    answer.raise_for_status()
    video_id: str = answer.json()["id"]
    return video_id
