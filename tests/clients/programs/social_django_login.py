"""social-core, in a Django project: its pipeline makes the user."""

import django_project
from harness import CLIENT_ID, CLIENT_SECRET, logged_in, open_browser


def login(backend: str, name: str, scope: list[str]) -> None:
    """Sign up with a backend of social-core; the account that it made is the result."""
    prefix = f"SOCIAL_AUTH_{name.upper().replace('-', '_')}"
    django_project.start(
        f"/login/{name}/",
        apps=["social_django"],
        backends=[f"social_core.backends.{backend}", "django.contrib.auth.backends.ModelBackend"],
        addresses=[("", "social_django.urls")],
        middleware=[],
        **{
            f"{prefix}_KEY": CLIENT_ID,
            f"{prefix}_SECRET": CLIENT_SECRET,
            f"{prefix}_SCOPE": scope,
            f"{prefix}_PROFILE_EXTRA_PARAMS": {"fields": "id,name,email,picture"},
        },
    )
    from social_django.models import UserSocialAuth

    open_browser(django_project.BEGIN)
    logged_in(UserSocialAuth.objects.select_related("user").get().user.email)
