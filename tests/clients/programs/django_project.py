"""The smallest Django project that has a login by somebody else's account."""

import tempfile
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
from harness import APP, serve

urlpatterns = [path("", lambda request: HttpResponse("You are here."))]
BEGIN = f"{APP}/begin"


def start(
    login: str,
    *,
    apps: list[str],
    backends: list[str],
    addresses: list[tuple[str, str]],
    middleware: list[str],
    **more: Any,
) -> None:
    """Set the project up and serve it; the page at `BEGIN` has one button, which posts to `login`.

    `addresses` are prefixes and modules of URLs.
    """
    folder = Path(tempfile.mkdtemp())
    settings.configure(
        SECRET_KEY="a secret of this run",
        DEBUG=True,
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="django_project",
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "django.db"}
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            *apps,
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            *middleware,
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
        AUTHENTICATION_BACKENDS=backends,
        LOGIN_REDIRECT_URL="/",
        **more,
    )
    django.setup()
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.middleware.csrf import get_token
    from django.urls import include

    def begin(request: Any) -> HttpResponse:
        token = f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'
        return HttpResponse(f'<form method="post" action="{login}">{token}<button>Log in</button>')

    urlpatterns.append(path("begin", begin))
    urlpatterns.extend(path(prefix, include(module)) for prefix, module in addresses)
    call_command("migrate", verbosity=0)
    serve(get_wsgi_application())
