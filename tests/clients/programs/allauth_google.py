"""django-allauth's Google provider."""

from allauth_login import login
from harness import UPLOAD

login(
    "google",
    {
        "SCOPE": ["profile", "email", UPLOAD],
        "AUTH_PARAMS": {"access_type": "offline"},
        "OAUTH_PKCE_ENABLED": True,
        "FETCH_USERINFO": True,
    },
)
