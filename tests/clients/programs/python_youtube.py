"""python-youtube's client, as its documentation logs in and uploads."""

import os

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
from pyyoutube import Client, models
from pyyoutube.media import Media

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the redirect URI is plain http
client = Client(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
url, _ = client.get_authorize_url(redirect_uri=REDIRECT, scope=[UPLOAD, READ])
client.generate_access_token(
    authorization_response=open_browser(url), redirect_uri=REDIRECT, scope=[UPLOAD, READ]
)
channel = client.channels.list(mine=True, parts="id,snippet").items[0]
logged_in(channel.snippet.title)
upload = client.videos.insert(
    body=models.Video(
        snippet=models.VideoSnippet(title="A title"),
        status=models.VideoStatus(privacyStatus="private"),
    ),
    media=Media(filename=str(FILE), chunk_size=1024 * 1024),
    parts=["snippet", "status"],
)
video = None
while video is None:
    _, video = upload.next_chunk()
uploaded(video["id"])
