"""django-allauth: signing up with a provider, as its quick start has it."""

from typing import Any

import django_project
from harness import CLIENT_ID, CLIENT_SECRET, logged_in, open_browser


def login(provider: str, options: dict[str, Any]) -> None:
    """Sign up with a provider; the account that it made is the result."""
    app = {"client_id": CLIENT_ID, "secret": CLIENT_SECRET}
    django_project.start(
        f"/accounts/{provider}/login/",
        apps=[
            "allauth",
            "allauth.account",
            "allauth.socialaccount",
            f"allauth.socialaccount.providers.{provider}",
        ],
        backends=["allauth.account.auth_backends.AuthenticationBackend"],
        addresses=[("accounts/", "allauth.urls")],
        middleware=["allauth.account.middleware.AccountMiddleware"],
        ACCOUNT_EMAIL_VERIFICATION="none",
        SOCIALACCOUNT_PROVIDERS={provider: {"APPS": [app], **options}},
    )
    from allauth.socialaccount.models import SocialAccount

    open_browser(django_project.BEGIN)
    logged_in(SocialAccount.objects.select_related("user").get().user.email)
