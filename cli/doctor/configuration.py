"""What the settings say: key set, public URL, emulator, and the platforms' apps."""

from urllib.parse import urlsplit

import httpx2

from cli.addresses import find_running
from cli.doctor.installation import Installation
from cli.local.up import emulator_address
from domain.errors import CastlineError, PlatformError, PlatformMisconfigured
from domain.states import PlatformName
from platforms.unreached import UNREACHED
from runtime.health.finding import Finding, Skipped, failed, in_thread, ok, warning
from runtime.parts import build_registry, load_keyring
from runtime.settings_rules import is_loopback

_HTTP_SECONDS = 5


async def look_at_keyset(here: Installation) -> Finding:
    settings = here.settings
    try:
        keyring = await in_thread(load_keyring, settings)
    except CastlineError as error:
        remedy = {
            "keyset_missing": "`castline up` makes one. Is it elsewhere? CASTLINE_KEYSET.",
            "keyset_exposed": f"chmod 600 {settings.keyset_file}",
        }
        return failed("key set", error.sentence, remedy.get(error.code, "Restore the right one."))
    return ok("key set", f"opens, key {keyring.primary_key_id} seals")


async def look_at_public_url(here: Installation) -> Finding:
    settings = here.settings
    if settings.port == 0 and settings.public_url is None:
        if (running := find_running(settings).api) is None:
            raise Skipped("no API runs, and CASTLINE_PORT=0 lets it choose its port")
        settings = settings.model_copy(update={"port": urlsplit(running).port})
    url = settings.url
    if url.startswith("https:"):
        return ok("public URL", url)
    if is_loopback(url):
        return ok("public URL", f"{url}, for browsers of this machine only")
    return warning(
        "public URL",
        f"{url} is plain http: codes of consents and API keys travel in clear",
        "Put a TLS proxy in front of the API and set CASTLINE_PUBLIC_URL to its https URL.",
    )


async def look_at_emulator(here: Installation) -> Finding:
    settings = here.settings
    if settings.emulator_url is not None:
        return warning(
            "emulator",
            f"used at {settings.emulator_url} in place of YouTube and Facebook",
            "To publish for real, remove CASTLINE_EMULATOR_URL and set the platforms' credentials.",
        )
    try:
        address = emulator_address(settings)
    except CastlineError:
        address = None
    if address is not None and await _answers(f"{address}/_emulator/state"):
        return warning(
            "emulator",
            f"runs at {address}; `castline up` uses it in place of YouTube and Facebook",
            "To publish for real, set the platforms' credentials, such as "
            "CASTLINE_GOOGLE_CLIENT_ID.",
        )
    return ok("emulator", "not used")


async def look_at_platform(here: Installation, *, name: PlatformName) -> Finding:
    """Whether the platform accepts the app's credentials."""
    settings, subject = here.settings, f"{name} app"
    if not settings.has_app_credentials:
        try:
            emulator_address(settings)
        except CastlineError as error:
            return failed(subject, "not set", error.sentence)
        return ok(subject, "not set: `castline up` starts the emulator instead")
    registry = build_registry(settings)
    if name not in registry.names:
        return ok(subject, "not set, so this platform is not offered")
    try:
        await in_thread(registry.get(name).verify_app)
    except PlatformMisconfigured as error:
        if error.code in UNREACHED:
            return failed(subject, error.sentence, "Correct that: the platform was not asked.")
        return failed(
            subject,
            f"refused: {error.sentence}",
            f"Compare its id and secret in the settings with the developer console of {name}.",
        )
    except PlatformError as error:
        return failed(
            subject,
            error.sentence,
            "Check the network, or the emulator where CASTLINE_EMULATOR_URL is set.",
        )
    return ok(subject, "accepted")


async def _answers(url: str) -> bool:
    try:
        async with httpx2.AsyncClient(timeout=_HTTP_SECONDS, trust_env=False) as http:
            return (await http.get(url)).is_success
    except httpx2.HTTPError:
        return False
