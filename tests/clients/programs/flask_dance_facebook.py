"""Flask-Dance's Facebook blueprint."""

import os

from flask import Flask
from flask_dance.contrib.facebook import facebook, make_facebook_blueprint
from harness import (
    APP,
    CLIENT_ID,
    CLIENT_SECRET,
    PAGE_SCOPES,
    logged_in,
    open_browser,
    serve,
    uploaded,
)
from rest import upload_to_page

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the application is plain http
app = Flask(__name__)
app.secret_key = "a secret of this run"
blueprint = make_facebook_blueprint(
    client_id=CLIENT_ID, client_secret=CLIENT_SECRET, scope=["email", *PAGE_SCOPES]
)
app.register_blueprint(blueprint, url_prefix="/login")


@app.route("/")
def index():
    answer = facebook.get("/me")
    answer.raise_for_status()
    logged_in(answer.json()["name"])
    uploaded(upload_to_page(facebook))
    return "You are logged in."


serve(app)
open_browser(f"{APP}/login/facebook")
