"""social-core's Facebook backend."""

from harness import PAGE_SCOPES
from social_django_login import login

login("facebook.FacebookOAuth2", "facebook", ["email", *PAGE_SCOPES])
