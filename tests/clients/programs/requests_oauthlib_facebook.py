"""requests-oauthlib, as its documentation's Facebook example has it."""

import os

from harness import (
    CLIENT_ID,
    CLIENT_SECRET,
    PAGE_SCOPES,
    REDIRECT,
    logged_in,
    open_browser,
    uploaded,
)
from requests_oauthlib import OAuth2Session
from requests_oauthlib.compliance_fixes import facebook_compliance_fix
from rest import upload_to_page

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the redirect URI is plain http
facebook = facebook_compliance_fix(
    OAuth2Session(CLIENT_ID, redirect_uri=REDIRECT, scope=PAGE_SCOPES)
)
url, _ = facebook.authorization_url("https://www.facebook.com/dialog/oauth")
facebook.fetch_token(
    "https://graph.facebook.com/oauth/access_token",
    client_secret=CLIENT_SECRET,
    authorization_response=open_browser(url),
)
answer = facebook.get("https://graph.facebook.com/me?")
answer.raise_for_status()
logged_in(answer.json()["name"])
uploaded(upload_to_page(facebook))
