"""Which authorities are trusted when a host proves its name: one rule for every connection.

`SSL_CERT_FILE` and `SSL_CERT_DIR` name them where they are set; else it is the system's store.
"""

import ssl
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Authorities:
    """Where they lie: in a file, in a folder under the hashes of their names, or in both."""

    file: str | None
    folder: str | None


def find_authorities() -> Authorities:
    """As Python's own OpenSSL finds them. A variable that is changed counts from then on."""
    paths = ssl.get_default_verify_paths()
    return Authorities(paths.cafile, paths.capath)


def tls_context() -> ssl.SSLContext:
    """For the connections of other libraries, which share it."""
    return _make_context(find_authorities())


@cache
def _make_context(_: Authorities) -> ssl.SSLContext:
    # To read the authorities takes 50 ms.
    return ssl.create_default_context()


def is_distrust(error: BaseException | None) -> bool:
    """True when `error`, or what it was raised for, is that a certificate was not accepted."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
