"""Every setting of Castline, read from the environment as `CASTLINE_<NAME>`.

One frozen object, made once by the entry point and handed down; nothing else reads the
environment. (Temporal's own client settings, `TEMPORAL_ADDRESS` and the like, are read by
its SDK.) Secrets are `SecretStr`: printing the settings shows stars.
"""

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, IPvAnyNetwork, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

GOOGLE_AUTH_URL = "https://accounts.google.com/o/oauth2/v2/auth"
GOOGLE_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105
GOOGLE_REVOKE_URL = "https://oauth2.googleapis.com/revoke"
GOOGLE_API_ROOT = "https://youtube.googleapis.com/"

META_DIALOG_ROOT = "https://www.facebook.com"
META_GRAPH_ROOT = "https://graph.facebook.com"
META_GRAPH_VERSION = "v26.0"

EMULATED_CLIENT_ID = "castline-emulator.apps.googleusercontent.com"
EMULATED_CLIENT_SECRET = "emulator-secret"  # noqa: S105  # opens nothing but the emulator
EMULATED_APP_ID = "100000000000001"
EMULATED_APP_SECRET = "emulator-app-secret"  # noqa: S105


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="CASTLINE_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    data_dir: Path = Field(
        Path("data"), description="Where `castline up` keeps databases, key set and logs."
    )
    database_url: str | None = Field(
        None,
        description="SQLAlchemy URL. Default: SQLite (WAL) at `<data_dir>/castline.db`. "
        "PostgreSQL: `postgresql+psycopg://user:password@host/name`.",
    )
    keyset: SecretStr | None = Field(
        None, description="The key set as JSON. Default: the file `<data_dir>/keyset.json` (0600)."
    )
    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8420, description="Port the API listens on.")
    public_url: str | None = Field(
        None,
        description="How browsers and platforms reach the API; the redirect URIs are built from "
        "it. Default: `http://<host>:<port>`.",
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        (),
        description="Networks of the reverse proxies in front of the API, separated by `,`. Only "
        "their `X-Forwarded-For` is read. Without them everybody behind a proxy counts as one.",
    )
    max_connections: int = Field(
        500,
        ge=1,
        description="Connections that one API process holds; at most half of its open file limit.",
    )
    connections_per_address: int = Field(
        200,
        ge=1,
        description="Of these, connections from one address (IPv6: one /64). Trusted proxies are "
        "exempt.",
    )
    rate_per_key: int = Field(
        3000, ge=1, description="Requests per minute with one API key, in each API process."
    )
    rate_per_address: int = Field(
        300,
        ge=1,
        description="Requests per minute without a valid key from one address (IPv6: one /64), in "
        "each API process.",
    )
    rate_refused_keys: int = Field(
        30,
        ge=1,
        description="Wrong keys per minute from one address (IPv6: one /64), in each API process. "
        "Beyond it keys are refused without being looked up.",
    )
    temporal_address: str = Field("127.0.0.1:7233", description="Temporal's frontend.")
    temporal_namespace: str = Field("default", description="Temporal's namespace.")
    temporal_ui_url: str = Field(
        "http://127.0.0.1:8233", description="The Temporal Web UI, for links and for CORS."
    )
    google_client_id: str | None = Field(None, description="OAuth client of your Google project.")
    google_client_secret: SecretStr | None = Field(None, description="Its secret.")
    google_auth_url: str = Field(GOOGLE_AUTH_URL, description="Google's consent page.")
    google_token_url: str = Field(GOOGLE_TOKEN_URL, description="Google's token endpoint.")
    google_revoke_url: str = Field(GOOGLE_REVOKE_URL, description="Google's revocation endpoint.")
    google_api_root: str = Field(GOOGLE_API_ROOT, description="Root of the YouTube Data API.")
    youtube_manages: bool = Field(
        False,
        description="Ask for the scope that captions and playlists need, `youtube.force-ssl`.",
    )
    meta_app_id: str | None = Field(None, description="Your Meta app.")
    meta_app_secret: SecretStr | None = Field(None, description="Its secret.")
    meta_dialog_root: str = Field(META_DIALOG_ROOT, description="Where Meta's login dialog is.")
    meta_graph_root: str = Field(META_GRAPH_ROOT, description="Root of the Graph API.")
    meta_graph_version: str = Field(
        META_GRAPH_VERSION, description="The version of the Graph API and of the dialog."
    )
    emulator_url: str | None = Field(
        None,
        description="Set by `castline up` when the emulator stands in for the platforms: the "
        "platforms' addresses and credentials then point to it, and loopback redirects are open.",
    )
    emulator_port: int = Field(8421, description="Port the emulator listens on.")
    media_roots: Annotated[tuple[Path, ...], NoDecode] = Field(
        (),
        description="Folders from which `file:` sources may be published, separated by `:`. "
        "`castline up` sets its own folder where none is named.",
    )
    allow_private_sources: bool = Field(
        False, description="Let https sources lie on private, loopback or link-local addresses."
    )
    allow_private_webhooks: bool = Field(
        False,
        description="Let webhooks go to private, loopback or link-local addresses, and to plain "
        "http. Default: only while the emulator stands in.",
    )
    care_hours: float = Field(
        24.0, gt=0, description="How often the health of a connection is checked, at least."
    )
    reminder_days: Annotated[tuple[float, ...], NoDecode] = Field(
        (1.0, 3.0, 7.0),
        description="After how many days somebody is reminded that a connection needs a person, "
        "separated by `,`.",
    )
    reauth_days: float = Field(
        30.0, gt=0, description="After how many days nobody is asked any more to reconnect."
    )
    parking_days: float = Field(
        7.0, gt=0, description="How long an assignment waits for its connection before it fails."
    )
    chunk_mib: int = Field(
        32, ge=1, le=1024, description="Bytes between two confirmations of a transfer, in MiB."
    )
    transfer_slots: int = Field(8, ge=1, description="Transfers that one worker moves at a time.")
    graceful_seconds: int = Field(
        6, ge=1, description="How long a worker lets running activities end when it is stopped."
    )
    log_level: str = Field("INFO", description="Least level that is logged.")
    log_json: bool = Field(False, description="Log one JSON object per line instead of text.")

    @model_validator(mode="before")
    @classmethod
    def _stand_in(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Let the emulator stand in for whatever is not set by itself."""
        if not values.get("emulator_url"):
            return values
        emulator = values["emulator_url"].rstrip("/")
        return {
            "google_client_id": EMULATED_CLIENT_ID,
            "google_client_secret": EMULATED_CLIENT_SECRET,
            "google_auth_url": f"{emulator}/o/oauth2/v2/auth",
            "google_token_url": f"{emulator}/token",
            "google_revoke_url": f"{emulator}/revoke",
            "google_api_root": f"{emulator}/",
            "meta_app_id": EMULATED_APP_ID,
            "meta_app_secret": EMULATED_APP_SECRET,
            "meta_dialog_root": emulator,
            "meta_graph_root": emulator,
            # Whoever tries things out listens on this machine.
            "allow_private_webhooks": True,
            **values,
        }

    @field_validator("media_roots", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(filter(None, value.split(os.pathsep))) if isinstance(value, str) else value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(filter(None, (network.strip() for network in value.split(","))))

    @field_validator("reminder_days", mode="before")
    @classmethod
    def _numbers(cls, value: Any) -> Any:
        return (
            tuple(map(float, filter(None, value.split(",")))) if isinstance(value, str) else value
        )

    @property
    def url(self) -> str:
        """How the API is reached from outside, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def local_url(self) -> str:
        """How the API is reached from this machine."""
        host = "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{host}:{self.port}"

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'castline.db'}"

    @property
    def keyset_file(self) -> Path:
        """Where the key set lies unless `keyset` brings it."""
        return self.data_dir / "keyset.json"

    @property
    def has_app_credentials(self) -> bool:
        """True when there is a platform that can be published to."""
        google = self.google_client_id and self.google_client_secret
        return bool(google or (self.meta_app_id and self.meta_app_secret))
