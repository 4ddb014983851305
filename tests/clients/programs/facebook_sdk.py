"""facebook-sdk 3.1.0, unmaintained since 2018: the newest version it can name is 3.1."""

from urllib.parse import parse_qs, urlsplit

import facebook
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

graph = facebook.GraphAPI(version="3.1")
landed = open_browser(graph.get_auth_url(CLIENT_ID, REDIRECT, PAGE_SCOPES, state="a state"))
code = parse_qs(urlsplit(landed).query)["code"][0]
token = graph.get_access_token_from_code(code, REDIRECT, CLIENT_ID, CLIENT_SECRET)
graph.access_token = token["access_token"]
graph.access_token = graph.extend_access_token(CLIENT_ID, CLIENT_SECRET)["access_token"]
logged_in(graph.get_object("me", fields="id,name")["name"])
page = graph.get_connections("me", "accounts")["data"][0]
publisher = facebook.GraphAPI(page["access_token"], version="3.1")
with FILE.open("rb") as file:
    video = publisher.request(
        f"{publisher.version}/{page['id']}/videos",
        post_args={"title": "A title"},
        files={"source": (FILE.name, file, "video/mp4")},
    )
uploaded(video["id"])
