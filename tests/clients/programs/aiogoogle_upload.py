"""aiogoogle: Google's discovery service, then a media upload by aiohttp."""

import asyncio
from urllib.parse import parse_qs, urlsplit

from aiogoogle import Aiogoogle
from aiogoogle.auth.utils import create_secret
from harness import (
    CLIENT_ID,
    CLIENT_SECRET,
    FILE,
    READ,
    REDIRECT,
    UPLOAD,
    logged_in,
    open_browser,
    uploaded,
)

CLIENT = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "scopes": [UPLOAD, READ],
    "redirect_uri": REDIRECT,
}


async def main() -> None:
    async with Aiogoogle(client_creds=CLIENT) as google:
        url = google.oauth2.authorization_url(
            state=create_secret(), access_type="offline", prompt="consent"
        )
        code = parse_qs(urlsplit(open_browser(url)).query)["code"][0]
        person = await google.oauth2.build_user_creds(grant=code, client_creds=CLIENT)
    async with Aiogoogle(client_creds=CLIENT, user_creds=person) as google:
        youtube = await google.discover("youtube", "v3")
        mine = await google.as_user(youtube.channels.list(part="snippet", mine=True))
        logged_in(mine["items"][0]["snippet"]["title"])
        request = youtube.videos.insert(
            part="snippet,status",
            upload_file=str(FILE),
            json={"snippet": {"title": "A title"}, "status": {"privacyStatus": "private"}},
        )
        request.upload_file_content_type = "video/mp4"
        video = await google.as_user(request)
        uploaded(video["id"])


asyncio.run(main())
