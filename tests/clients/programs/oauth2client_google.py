"""oauth2client, which many old scripts still have, with Google's Python client."""

from urllib.parse import parse_qs, urlsplit

import httplib2
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
from oauth2client.client import OAuth2WebServerFlow

flow = OAuth2WebServerFlow(
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    scope=["https://www.googleapis.com/auth/userinfo.email", UPLOAD, READ],
    redirect_uri=REDIRECT,
    # What its older releases have as their defaults.
    auth_uri="https://accounts.google.com/o/oauth2/auth",
    token_uri="https://accounts.google.com/o/oauth2/token",
    revoke_uri="https://accounts.google.com/o/oauth2/revoke",
)
landed = open_browser(flow.step1_get_authorize_url())
credentials = flow.step2_exchange(parse_qs(urlsplit(landed).query)["code"][0])
http = credentials.authorize(httplib2.Http())
credentials.refresh(http)
people = build("oauth2", "v2", http=http)
logged_in(people.userinfo().get().execute()["email"])
youtube = build("youtube", "v3", http=http)
request = youtube.videos().insert(
    part="snippet,status",
    body={"snippet": {"title": "A title"}, "status": {"privacyStatus": "private"}},
    media_body=MediaFileUpload(str(FILE)),
)
uploaded(request.execute()["id"])
credentials.revoke(httplib2.Http())
