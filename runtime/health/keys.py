"""Whether the key set is there and is the one in memory."""

from domain.errors import CastlineError
from runtime.health.finding import Finding, failed, ok
from store.keyring import Keyring

_REMEDIES = {
    "keyset_missing": "Restore the key set file from its backup, or correct CASTLINE_KEYSET.",
    "keyset_exposed": "Let its owner alone read the key set file (mode 600).",
}


def check_keyring(keyring: Keyring) -> Finding:
    """What is sealed must open after a restart, so the file counts and not the memory alone."""
    try:
        keyring.verify_source()
    except CastlineError as error:
        fact = {
            "keyset_missing": "the key set file cannot be read",
            "keyset_exposed": "others may read the key set file",
            "keyset_replaced": "the key set file has lost the key that seals",
        }.get(error.code, "the key set cannot be used")
        return failed(
            "keySet", fact, _REMEDIES.get(error.code, "Restore the key set from its backup.")
        )
    return ok("keySet", "opens")
