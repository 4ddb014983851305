"""Authlib's Flask client: OpenID Connect by Google's discovery document."""

from authlib.integrations.flask_client import OAuth
from flask import Flask, url_for
from harness import APP, CLIENT_ID, CLIENT_SECRET, UPLOAD, logged_in, open_browser, serve, uploaded
from rest import upload_to_youtube

app = Flask(__name__)
app.secret_key = "a secret of this run"
oauth = OAuth(app)
oauth.register(
    "google",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    server_metadata_url="https://accounts.google.com/.well-known/openid-configuration",
    client_kwargs={"scope": f"openid email profile {UPLOAD}", "code_challenge_method": "S256"},
)


@app.route("/login")
def login():
    return oauth.google.authorize_redirect(url_for("auth", _external=True), access_type="offline")


@app.route("/auth")
def auth():
    token = oauth.google.authorize_access_token()
    logged_in(token["userinfo"]["email"])
    with oauth.google._get_oauth_client() as session:
        session.token = token
        uploaded(upload_to_youtube(session))
    return "You are logged in."


serve(app)
open_browser(f"{APP}/login")
