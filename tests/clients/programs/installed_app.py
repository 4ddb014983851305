"""Google's flow for installed applications, with its own little web server, and a refresh."""

import webbrowser
from urllib.parse import urlsplit

import google.auth.transport.requests
from google.oauth2 import id_token
from google_auth_oauthlib.flow import InstalledAppFlow
from googleapiclient.discovery import build
from googleapiclient.http import MediaFileUpload
from harness import (
    APP,
    CLIENT_ID,
    CLIENT_SECRET,
    EMAIL,
    FILE,
    READ,
    UPLOAD,
    logged_in,
    open_browser,
    uploaded,
)


class Browser(webbrowser.BaseBrowser):
    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        import threading

        threading.Thread(target=open_browser, args=(url,)).start()
        return True


webbrowser.register("the session's", None, Browser("the session's"))
config = {
    "installed": {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
}
flow = InstalledAppFlow.from_client_config(config, scopes=["openid", EMAIL, UPLOAD, READ])
credentials = flow.run_local_server(
    port=urlsplit(APP).port, browser="the session's", authorization_prompt_message=""
)
request = google.auth.transport.requests.Request()
credentials.refresh(request)
claims = id_token.verify_oauth2_token(credentials.id_token, request, CLIENT_ID)
logged_in(claims["email"])
with build("youtube", "v3", credentials=credentials) as youtube:
    video = (
        youtube.videos()
        .insert(
            part="snippet",
            body={"snippet": {"title": "A title"}},
            media_body=MediaFileUpload(str(FILE)),
        )
        .execute()
    )
uploaded(video["id"])
