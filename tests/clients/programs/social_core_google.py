"""social-core's Google backend."""

from harness import UPLOAD
from social_django_login import login

login("google.GoogleOAuth2", "google-oauth2", [UPLOAD])
