"""Every setting of Castline, read from the environment as `CASTLINE_<NAME>`.

One frozen object, made once by the entry point and handed down; nothing else reads the
environment. (Temporal's own client settings, `TEMPORAL_ADDRESS` and the like, are read by
its SDK, `SSL_CERT_FILE` and `SSL_CERT_DIR` by OpenSSL.) Secrets are `SecretStr`: printing the
settings shows stars. What is wrong with them is refused by the rules of `settings_rules.py`, all
at once.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.request import getproxies_environment

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    IPvAnyNetwork,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import CastlineError
from domain.shares import TransferLimits, WorkerShares
from runtime import settings_rules as rules
from transport.hosts import bracketed
from transport.proxies import Proxies, Way, choose_proxies

GOOGLE_AUTH_URL = "https://accounts.google.com/o/oauth2/v2/auth"
GOOGLE_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105
GOOGLE_REVOKE_URL = "https://oauth2.googleapis.com/revoke"
GOOGLE_API_ROOT = "https://youtube.googleapis.com/"

META_DIALOG_ROOT = "https://www.facebook.com"
META_GRAPH_ROOT = "https://graph.facebook.com"
META_GRAPH_VERSION = "v27.0"

EMULATED_CLIENT_ID = "castline-emulator.apps.googleusercontent.com"
EMULATED_CLIENT_SECRET = "emulator-secret"  # noqa: S105  # opens nothing but the emulator
EMULATED_APP_ID = "100000000000001"
EMULATED_APP_SECRET = "emulator-app-secret"  # noqa: S105

OTHER_NAMES: Mapping[str, str] = {
    "CASTLINE_KEY": "The API key of `castline connect`, `publish`, `watch` and `timeline`.",
    "CASTLINE_URL": "Where these commands find the API.",
    "CASTLINE_TRACEBACK": "`1`: an error that a command does not expect shows its traceback.",
    "CASTLINE_REQUIRE_ALL": "`1`: a test that lacks a program fails instead of being skipped.",
}
"""Names beside the settings that a command or the tests read: name → what it is."""

Port = Annotated[int, Field(ge=1, le=65535)]
Url = Annotated[str, AfterValidator(rules.http_url)]
ProxyUrl = Annotated[SecretStr, AfterValidator(rules.proxy_url)]


class Settings(BaseSettings):
    """Raises `CastlineError` (code `settings_refused`) with a line for each fault."""

    model_config = SettingsConfigDict(
        env_prefix=rules.PREFIX,
        env_ignore_empty=True,
        enable_decoding=False,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(
        Path("data"), description="Where `castline up` keeps databases, key set and logs."
    )
    database_url: Annotated[str, AfterValidator(rules.database_url)] | None = Field(
        None,
        repr=False,  # it may hold a password
        description="SQLAlchemy URL. Default: SQLite (WAL) at `<data_dir>/castline.db`. "
        "PostgreSQL: `postgresql://user:password@host/name`.",
    )
    sqlite_synchronous: Literal["full", "normal"] = Field(
        "full",
        description="When SQLite's commits are on the disk, in Castline's database and in that of "
        "`castline up`'s Temporal. `full`: before they are answered. `normal`: soon after, so a "
        "power cut may take back the latest ones; faster.",
    )
    keyset: SecretStr | None = Field(
        None, description="The key set as JSON. Default: the file `<data_dir>/keyset.json` (0600)."
    )
    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8420, description="Port the API listens on. 0: a free one, which the commands find."
    )
    public_url: Url | None = Field(
        None,
        description="How browsers and platforms reach the API; the redirect URIs are built from "
        "it. Default: `http://<host>:<port>`.",
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], BeforeValidator(rules.words)] = Field(
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
    temporal_address: Annotated[str, AfterValidator(rules.host_and_port)] = Field(
        "127.0.0.1:7233", description="Temporal's frontend."
    )
    temporal_namespace: str = Field("default", description="Temporal's namespace.")
    temporal_ui_url: Url = Field(
        "http://127.0.0.1:8233", description="The Temporal Web UI, for links and for CORS."
    )
    google_client_id: str | None = Field(None, description="OAuth client of your Google project.")
    google_client_secret: SecretStr | None = Field(None, description="Its secret.")
    google_auth_url: Url = Field(GOOGLE_AUTH_URL, description="Google's consent page.")
    google_token_url: Url = Field(GOOGLE_TOKEN_URL, description="Google's token endpoint.")
    google_revoke_url: Url = Field(GOOGLE_REVOKE_URL, description="Google's revocation endpoint.")
    google_api_root: Url = Field(GOOGLE_API_ROOT, description="Root of the YouTube Data API.")
    youtube_manages: bool = Field(
        False,
        description="Ask for the scope that captions and playlists need, `youtube.force-ssl`.",
    )
    meta_app_id: str | None = Field(None, description="Your Meta app.")
    meta_app_secret: SecretStr | None = Field(None, description="Its secret.")
    meta_dialog_root: Url = Field(META_DIALOG_ROOT, description="Where Meta's login dialog is.")
    meta_graph_root: Url = Field(META_GRAPH_ROOT, description="Root of the Graph API.")
    meta_graph_version: str = Field(
        META_GRAPH_VERSION, description="The version of the Graph API and of the dialog."
    )
    emulator_url: Url | None = Field(
        None,
        description="Asks for the emulator in the platforms' place, and says where it is: the "
        "platforms' addresses and credentials then point to it, and loopback redirects are open. "
        "`castline up` starts it there where that is this machine. Default: none; `castline up` "
        "uses one where no setting of a platform is there and the public URL is loopback.",
    )
    emulator_port: Port = Field(8421, description="Port the emulator listens on.")
    media_roots: tuple[Path, ...] = Field(
        (),
        description="Media roots of the oldest workspace: folders from which its `file:` sources "
        "may be published, separated by `:`. `castline up` sets its own folder where none is "
        "named. Other workspaces get theirs by `castline workspaces roots add`.",
    )
    source_ports: Annotated[frozenset[Port], Field(min_length=1), BeforeValidator(rules.words)] = (
        Field(
            frozenset({443, 8443}),
            description="Ports that the URLs of sources and webhooks may name, separated by `,`. "
            "Where private addresses are allowed, any port is.",
        )
    )
    allow_private_sources: bool = Field(
        False, description="Let https sources lie on private, loopback or link-local addresses."
    )
    allow_private_webhooks: bool = Field(
        False,
        description="Let webhooks go to private, loopback or link-local addresses, and to plain "
        "http. Default: only while the emulator stands in.",
    )
    platform_proxy: ProxyUrl | None = Field(
        None,
        description="Proxy on the way to YouTube and Facebook: an http or https URL, with user and "
        "password where it wants them, or `none`. Default: what `HTTPS_PROXY`, `HTTP_PROXY` and "
        "`ALL_PROXY` say.",
    )
    source_proxy: ProxyUrl | None = Field(
        None, description="The same on the way to sources and attachments."
    )
    webhook_proxy: ProxyUrl | None = Field(
        None, description="The same on the way to webhook endpoints."
    )
    no_proxy: Annotated[str, AfterValidator(rules.no_proxy)] | None = Field(
        None,
        description="Hosts, domains, IP addresses and networks that are reached without a proxy, "
        "separated by `,`; `none` for none. Default: `NO_PROXY`.",
    )
    source_proxy_enforces_policy: bool = Field(
        False,
        description="Let the source proxy look names up and decide which addresses may be "
        "reached. Default: names are looked up here, and the proxy is asked for the address.",
    )
    webhook_proxy_enforces_policy: bool = Field(
        False, description="The same for the webhook proxy."
    )
    reconcile_seconds: float = Field(
        45.0,
        gt=0,
        description="How often the rows of the database are compared with the workflows of "
        "Temporal, by one worker at a time.",
    )
    care_hours: float = Field(
        24.0, gt=0, description="How often the health of a connection is checked, at least."
    )
    reminder_days: Annotated[tuple[float, ...], BeforeValidator(rules.numbers)] = Field(
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
    source_wait_hours: float = Field(
        24.0,
        gt=0,
        description="How long an assignment waits for a source that is missing, refused or away "
        "before it fails.",
    )
    open_tickets_per_workspace: int = Field(
        1000, ge=1, description="Tickets of one workspace that may be open at a time."
    )
    chunk_mib: int = Field(
        128, ge=1, le=1024, description="Bytes between two confirmations of a transfer, in MiB."
    )
    probe_slots: int = Field(
        16,
        ge=1,
        le=32,
        description="Requests that one API process lets read a source at a time. Each may start a "
        "probe process of 256 MiB at most.",
    )
    probes_per_workspace: int = Field(
        4, ge=1, description="How many of them one workspace may have; more are answered with 429."
    )
    probe_without_isolation: bool = Field(
        False,
        description="Start the API behind an https URL although the kernel does not isolate the "
        "processes that parse video files.",
    )
    transfer_slots: int = Field(8, ge=1, description="Transfers that one worker moves at a time.")
    transfers_per_workspace: int = Field(
        4, ge=1, description="Transfers of one workspace at a time, in all workers together."
    )
    consents_per_workspace: int = Field(
        4, ge=1, description="Code exchanges of one workspace at a time, in one worker."
    )
    steps_per_workspace: int = Field(
        4,
        ge=1,
        description="Thumbnails, captions and playlists of one workspace at a time, in one worker.",
    )
    polls_per_workspace: int = Field(
        8,
        ge=1,
        description="Questions to a platform about processing, of one workspace at a time, in one "
        "worker.",
    )
    deliveries_per_workspace: int = Field(
        16, ge=1, description="Webhook deliveries of one workspace at a time, in one worker."
    )
    slow_source_kib_per_second: float = Field(
        64.0,
        ge=0,
        description="A source that gives less, while it is waited for, moves to the slow lane: "
        "one transfer per workspace at a time. 0: none does.",
    )
    slow_source_seconds: float = Field(
        60.0,
        gt=0,
        description="Seconds of waiting for a source over which its rate is measured.",
    )
    upload_hours: float = Field(
        24.0, gt=0, description="How long an unfinished upload is kept after its last byte."
    )
    upload_finished_hours: float = Field(
        168.0,
        gt=0,
        description="How long a finished upload is kept of which no video was registered.",
    )
    upload_max_open: int = Field(
        1000, ge=1, description="Uploads that a workspace may have without a registered video."
    )
    storage_quota_gib: float = Field(
        1024.0,
        ge=0,
        description="Announced bytes of all uploads that a workspace keeps, in GiB. "
        "`castline workspaces quota` sets another quota for one workspace.",
    )
    storage_floor_mib: int = Field(
        1024,
        ge=0,
        description="Free space in MiB that uploads leave on their disk for everything else.",
    )
    ready_floor_mib: int = Field(
        64,
        ge=0,
        description="Free space in MiB under the database below which `/readyz` answers 503; "
        "under the data folder it is a warning.",
    )
    worker_health_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port on which a worker answers `/livez` and `/readyz`. 0: none.",
    )
    worker_health_host: str = Field("127.0.0.1", description="Address of that port.")
    graceful_seconds: int = Field(
        6, ge=1, description="How long a worker lets running activities end when it is stopped."
    )
    log_level: Annotated[str, AfterValidator(rules.log_level)] = Field(
        "INFO", description="Least level that is logged."
    )
    log_json: bool = Field(False, description="Log one JSON object per line instead of text.")

    _usual_proxies: dict[str, str] = PrivateAttr(default_factory=getproxies_environment)
    """What `https_proxy`, `HTTPS_PROXY` and the like said when the settings were read."""

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_faults(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Say everything that is wrong at once."""
        given = values
        faults = rules.unknown_names(os.environ, known_names())
        try:
            settings = handler(values)
            # Not `values`: `model_validate` comes here twice, first without the environment.
            given = {name: getattr(settings, name) for name in settings.model_fields_set}
        except ValidationError as error:
            faults += rules.malformed(error, given, _SECRETS)
        faults += rules.contradictions(given, _EMULATED)
        faults += rules.proxy_faults(given, getproxies_environment())
        if faults:
            # Not from the ValidationError: it holds the values.
            raise CastlineError("settings_refused", "\n".join(faults)) from None
        return settings

    @model_validator(mode="before")
    @classmethod
    def _stand_in(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Let the emulator stand in for whatever is not set by itself."""
        if not isinstance(emulator := values.get("emulator_url"), str):
            return values
        emulator = emulator.rstrip("/")
        return {
            **_EMULATED,
            "google_auth_url": f"{emulator}/o/oauth2/v2/auth",
            "google_token_url": f"{emulator}/token",
            "google_revoke_url": f"{emulator}/revoke",
            "google_api_root": f"{emulator}/",
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

    @property
    def url(self) -> str:
        """How the API is reached from outside, without a slash at the end."""
        return (self.public_url or f"http://{bracketed(self.host)}:{self.port}").rstrip("/")

    @property
    def local_url(self) -> str:
        """How the API is reached from this machine."""
        loopback = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
        return f"http://{bracketed(loopback.get(self.host, self.host))}:{self.port}"

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        # The two characters that a URL's path would read as something else.
        folder = str(self.data_dir.resolve()).replace("%", "%25").replace("?", "%3F")
        return self.database_url or f"sqlite:///{folder}/castline.db"

    def proxies(self, way: Way | None) -> Proxies:
        """The proxies of one way; without one, what the usual variables say."""
        setting, resolves = {
            Way.PLATFORMS: (self.platform_proxy, False),
            Way.SOURCES: (self.source_proxy, self.source_proxy_enforces_policy),
            Way.WEBHOOKS: (self.webhook_proxy, self.webhook_proxy_enforces_policy),
            None: (None, False),
        }[way]
        return choose_proxies(
            None if setting is None else setting.get_secret_value(),
            self._usual_proxies,
            exceptions=self.no_proxy,
            resolves=resolves,
        )

    @property
    def keyset_file(self) -> Path:
        """Where the key set lies unless `keyset` brings it."""
        return self.data_dir / "keyset.json"

    @property
    def transfer_limits(self) -> TransferLimits:
        """The share of transfers, and when a source is slow."""
        return TransferLimits(
            per_workspace=self.transfers_per_workspace,
            slow_bytes_per_second=1024 * self.slow_source_kib_per_second,
            slow_window=self.slow_source_seconds,
        )

    @property
    def worker_shares(self) -> WorkerShares:
        """What one workspace may have under way in one worker."""
        return WorkerShares(
            consents=self.consents_per_workspace,
            steps=self.steps_per_workspace,
            polls=self.polls_per_workspace,
            deliveries=self.deliveries_per_workspace,
        )

    @property
    def has_app_credentials(self) -> bool:
        """True when there is a platform that can be published to."""
        google = self.google_client_id and self.google_client_secret
        return bool(google or (self.meta_app_id and self.meta_app_secret))

    @property
    def names_no_platform(self) -> bool:
        """True when no setting is about a platform or the emulator."""
        return not any(
            name.startswith((*rules.PLATFORM_PREFIXES, "emulator_url"))
            for name in self.model_fields_set
            if getattr(self, name) is not None
        )


def known_names() -> frozenset[str]:
    """Every `CASTLINE_` name that there is."""
    return frozenset((*map(rules.variable, Settings.model_fields), *OTHER_NAMES))


_EMULATED = {
    "google_client_id": EMULATED_CLIENT_ID,
    "google_client_secret": EMULATED_CLIENT_SECRET,
    "meta_app_id": EMULATED_APP_ID,
    "meta_app_secret": EMULATED_APP_SECRET,
}
_SECRETS = frozenset(
    name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)
)
