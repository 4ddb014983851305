"""django-allauth's Facebook provider."""

from allauth_login import login
from harness import PAGE_SCOPES

login(
    "facebook",
    {
        "METHOD": "oauth2",
        "SCOPE": ["email", "public_profile", *PAGE_SCOPES],
        "FIELDS": [
            "id",
            "first_name",
            "last_name",
            "middle_name",
            "name",
            "name_format",
            "picture",
            "short_name",
            "email",
        ],
        "EXCHANGE_TOKEN": True,
        "GRAPH_API_VERSION": "v27.0",
    },
)
