"""The clients that other people wrote: what each is, and the program here that uses it."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    PYTHON = "python"
    NODE = "node"
    GO = "go"


class Platform(StrEnum):
    GOOGLE = "google"
    META = "meta"


@dataclass(frozen=True, slots=True)
class Client:
    """One client, or one of its backends.

    `packages` are what pip installs for it; Node's are in package.json, Go's are Debian's.
    """

    name: str
    language: Language
    platform: Platform
    program: str
    """A file of `programs/`."""
    uploads: bool
    """Whether the program uploads a video, or logs in and reads who it is."""
    packages: tuple[str, ...] = ()
    in_suite: bool = False
    """Whether the test suite runs it: it is a dependency of the tests anyway, or Node's."""


def _google(name: str, program: str, uploads: bool, *packages: str, suite: bool = False) -> Client:
    file = f"{program}.py"
    return Client(name, Language.PYTHON, Platform.GOOGLE, file, uploads, packages, suite)


def _meta(name: str, program: str, uploads: bool, *packages: str, suite: bool = False) -> Client:
    file = f"{program}.py"
    return Client(name, Language.PYTHON, Platform.META, file, uploads, packages, suite)


def _node(name: str, platform: Platform, program: str, uploads: bool) -> Client:
    return Client(name, Language.NODE, platform, f"{program}.mjs", uploads, in_suite=True)


_GOOGLE_API = ("google-api-python-client==2.202.0", "google-auth-oauthlib==1.5.0")
_OAUTHLIB = "requests-oauthlib==2.0.0"
_AUTHLIB = ("Authlib==1.9.10", "requests==2.34.2")
_SOCIAL = ("social-auth-app-django==8.0.0", "social-auth-core==7.0.0")
_ALLAUTH = "django-allauth[socialaccount]==65.22.1"

_ALL = (
    _google("google-api-python-client", "google_api_python_client", True, *_GOOGLE_API, suite=True),
    _google("google-auth-oauthlib", "installed_app", True, *_GOOGLE_API, suite=True),
    _google("requests-oauthlib", "requests_oauthlib_google", True, _OAUTHLIB, suite=True),
    _meta("requests-oauthlib-facebook", "requests_oauthlib_facebook", True, _OAUTHLIB, suite=True),
    _google("authlib", "authlib_google", True, *_AUTHLIB, "Flask==3.1.3"),
    _meta("authlib-facebook", "authlib_facebook", True, *_AUTHLIB, suite=True),
    _google("social-core", "social_core_google", False, *_SOCIAL),
    _meta("social-core-facebook", "social_core_facebook", False, *_SOCIAL),
    _google("flask-dance", "flask_dance_google", True, "Flask-Dance==7.1.0"),
    _meta("flask-dance-facebook", "flask_dance_facebook", True, "Flask-Dance==7.1.0"),
    _google("django-allauth", "allauth_google", False, _ALLAUTH),
    _meta("django-allauth-facebook", "allauth_facebook", False, _ALLAUTH),
    _google("oauth2client", "oauth2client_google", True, "oauth2client==4.1.3", _GOOGLE_API[0]),
    _google("aiogoogle", "aiogoogle_upload", True, "aiogoogle==5.19.0"),
    _google("python-youtube", "python_youtube", True, "python-youtube==0.9.9"),
    _meta("facebook-business", "facebook_business_sdk", True, "facebook-business==26.0.3"),
    _meta("python-facebook-api", "python_facebook_api", True, "python-facebook-api==0.24.0"),
    _meta("facebook-sdk", "facebook_sdk", True, "facebook-sdk==3.1.0"),
    _node("googleapis", Platform.GOOGLE, "googleapis", True),
    _node("google-auth-library", Platform.GOOGLE, "google_auth_library", False),
    _node("passport-google-oauth20", Platform.GOOGLE, "passport_google", False),
    _node("passport-facebook", Platform.META, "passport_facebook", False),
    _node("authjs", Platform.GOOGLE, "authjs_google", False),
    _node("authjs-facebook", Platform.META, "authjs_facebook", False),
    _node("fb", Platform.META, "fb", True),
    Client("google-api-go-client", Language.GO, Platform.GOOGLE, "youtube.go", True),
)

CLIENTS = {client.name: client for client in _ALL}
