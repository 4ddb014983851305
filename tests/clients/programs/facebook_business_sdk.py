"""Meta's Python SDK. It has no login, so the code is exchanged as Meta's guide says."""

from urllib.parse import parse_qs, urlencode, urlsplit

from facebook_business.adobjects.advideo import AdVideo
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi
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

query = {"client_id": CLIENT_ID, "redirect_uri": REDIRECT, "scope": ",".join(PAGE_SCOPES)}
landed = open_browser(f"https://www.facebook.com/v27.0/dialog/oauth?{urlencode(query)}")
code = parse_qs(urlsplit(landed).query)["code"][0]

anybody = FacebookAdsApi.init(access_token=f"{CLIENT_ID}|{CLIENT_SECRET}", crash_log=False)
exchange = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uri": REDIRECT}
answer = anybody.call("GET", ("oauth", "access_token"), params={**exchange, "code": code})
person = FacebookAdsApi.init(
    CLIENT_ID, CLIENT_SECRET, answer.json()["access_token"], crash_log=False
)
logged_in(User("me", api=person).api_get(fields=["name"])["name"])
page = User("me", api=person).get_accounts(fields=["name", "access_token"])[0]

api = FacebookAdsApi.init(CLIENT_ID, CLIENT_SECRET, page["access_token"], crash_log=False)


def call(params, **options):
    return api.call("POST", (page["id"], "videos"), params=params, **options).json()


state = call({"upload_phase": "start", "file_size": FILE.stat().st_size})
session, offsets = state["upload_session_id"], state
with FILE.open("rb") as file:
    while offsets["start_offset"] != offsets["end_offset"]:
        begin, end = int(offsets["start_offset"]), int(offsets["end_offset"])
        file.seek(begin)
        part = (FILE.name, file.read(end - begin), "application/octet-stream")
        offsets = call(
            {"upload_phase": "transfer", "start_offset": begin, "upload_session_id": session},
            files={"video_file_chunk": part},
        )
call({"upload_phase": "finish", "upload_session_id": session, "title": "A title"})
shown = AdVideo(state["video_id"], api=api).api_get(fields=["title"])
assert shown["title"] == "A title", shown
uploaded(state["video_id"])
