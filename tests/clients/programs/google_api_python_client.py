"""Google's Python client: the flow of a downloaded client_secret.json, and a resumable upload."""

from google_auth_oauthlib.flow import Flow
from googleapiclient.discovery import build
from googleapiclient.http import MediaFileUpload
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

config = {
    "web": {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
}
flow = Flow.from_client_config(config, scopes=[UPLOAD, READ], redirect_uri=REDIRECT)
url, _ = flow.authorization_url(access_type="offline", prompt="consent")
flow.fetch_token(authorization_response=open_browser(url).replace("http://", "https://"))

# The discovery document is fetched, as it is without the one that the package brings.
with build("youtube", "v3", credentials=flow.credentials, static_discovery=False) as youtube:
    [channel] = youtube.channels().list(part="snippet", mine=True).execute()["items"]
    logged_in(channel["snippet"]["title"])
    request = youtube.videos().insert(
        part="snippet,status",
        body={"snippet": {"title": "A title"}, "status": {"privacyStatus": "private"}},
        media_body=MediaFileUpload(str(FILE), chunksize=1024 * 1024, resumable=True),
    )
    video = None
    while video is None:
        _, video = request.next_chunk()
uploaded(video["id"])
