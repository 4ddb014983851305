"""Authlib's client for requests, which asks the token endpoint with HTTP Basic."""

from authlib.integrations.requests_client import OAuth2Session
from harness import (
    CLIENT_ID,
    CLIENT_SECRET,
    PAGE_SCOPES,
    REDIRECT,
    logged_in,
    open_browser,
    uploaded,
)
from rest import GRAPH, upload_to_page

facebook = OAuth2Session(
    CLIENT_ID, CLIENT_SECRET, scope=" ".join(["email", *PAGE_SCOPES]), redirect_uri=REDIRECT
)
url, _ = facebook.create_authorization_url("https://www.facebook.com/v27.0/dialog/oauth")
landed = open_browser(url).partition("#")[0]
facebook.fetch_token(f"{GRAPH}/oauth/access_token", authorization_response=landed)
# The fields that Authlib's own login with Facebook asks for.
fields = "id,name,email,first_name,middle_name,last_name,picture{url}"
answer = facebook.get(f"{GRAPH}/me", params={"fields": fields})
answer.raise_for_status()
logged_in(answer.json()["name"])
uploaded(upload_to_page(facebook))
