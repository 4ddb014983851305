"""python-facebook-api: login by requests-oauthlib, then its Graph client."""

import os

from harness import (
    CLIENT_ID,
    CLIENT_SECRET,
    FILE,
    PAGE_SCOPES,
    REDIRECT,
    logged_in,
    open_browser,
    uploaded,
)
from pyfacebook import GraphAPI

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the redirect URI is plain http
api = GraphAPI(
    app_id=CLIENT_ID,
    app_secret=CLIENT_SECRET,
    oauth_flow=True,
    redirect_uri=REDIRECT,
    scope=PAGE_SCOPES,
)
url, _ = api.get_authorization_url()
api.exchange_user_access_token(open_browser(url))
api.exchange_long_lived_user_access_token()
logged_in(api.get_object("me", fields="id,name")["name"])
page = api.get_connection("me", "accounts", fields="id,name,access_token")["data"][0]
publisher = GraphAPI(
    app_id=CLIENT_ID,
    app_secret=CLIENT_SECRET,
    access_token=api.exchange_page_access_token(page["id"]),
)
with FILE.open("rb") as file:
    video = publisher.post_object(
        page["id"],
        "videos",
        data={"title": "A title"},
        files={"source": (FILE.name, file, "video/mp4")},
    )
uploaded(video["id"])
