"""Flask-Dance's Google blueprint."""

import os

from flask import Flask
from flask_dance.contrib.google import google, make_google_blueprint
from harness import (
    APP,
    CLIENT_ID,
    CLIENT_SECRET,
    EMAIL,
    PROFILE,
    UPLOAD,
    logged_in,
    open_browser,
    serve,
    uploaded,
)
from rest import upload_to_youtube

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the application is plain http
app = Flask(__name__)
app.secret_key = "a secret of this run"
blueprint = make_google_blueprint(
    client_id=CLIENT_ID, client_secret=CLIENT_SECRET, scope=["openid", EMAIL, PROFILE, UPLOAD]
)
app.register_blueprint(blueprint, url_prefix="/login")


@app.route("/")
def index():
    answer = google.get("/oauth2/v1/userinfo")
    answer.raise_for_status()
    logged_in(answer.json()["email"])
    uploaded(upload_to_youtube(google))
    return "You are logged in."


serve(app)
open_browser(f"{APP}/login/google")
