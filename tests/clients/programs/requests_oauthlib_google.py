"""requests-oauthlib, as its documentation's Google example has it."""

import os

from harness import (
    CLIENT_ID,
    CLIENT_SECRET,
    EMAIL,
    PROFILE,
    REDIRECT,
    UPLOAD,
    logged_in,
    open_browser,
    uploaded,
)
from requests_oauthlib import OAuth2Session
from rest import upload_to_youtube

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the redirect URI is plain http
google = OAuth2Session(CLIENT_ID, scope=["openid", EMAIL, PROFILE, UPLOAD], redirect_uri=REDIRECT)
url, _ = google.authorization_url(
    "https://accounts.google.com/o/oauth2/v2/auth", access_type="offline", prompt="select_account"
)
google.fetch_token(
    "https://www.googleapis.com/oauth2/v4/token",
    client_secret=CLIENT_SECRET,
    authorization_response=open_browser(url),
)
answer = google.get("https://www.googleapis.com/oauth2/v1/userinfo")
answer.raise_for_status()
logged_in(answer.json()["email"])
uploaded(upload_to_youtube(google))
