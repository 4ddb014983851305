"""The key that signs ID tokens: RS256, made on first use, kept with the state.

It proves nothing to anybody outside this machine; it exists so that clients can verify ID
tokens. Not for any other use.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

_EXPONENT = 65537
_NAME = x509.Name(
    [x509.NameAttribute(NameOID.COMMON_NAME, "federated-signon.system.gserviceaccount.com")]
)


@dataclass(slots=True)
class SigningKey:
    """A 2048-bit RSA key that signs JSON Web Tokens; `pem` is empty until it is needed."""

    pem: str = ""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return the claims as a signed token."""
        head = {"alg": "RS256", "typ": "JWT", "kid": self.id}
        message = f"{_text(json.dumps(head).encode())}.{_text(json.dumps(claims).encode())}"
        return f"{message}.{_text(self._key().sign(message.encode(), PKCS1v15(), SHA256()))}"

    def read(self, token: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the head and the claims of a token that this key signed, or None."""
        message, _, signature = token.rpartition(".")
        try:
            self._key().public_key().verify(
                _bytes(signature), message.encode(), PKCS1v15(), SHA256()
            )
        except (InvalidSignature, ValueError):
            return None
        head, _, claims = message.partition(".")
        return json.loads(_bytes(head)), json.loads(_bytes(claims))

    def public(self) -> dict[str, str]:
        """Return the public half as a JSON Web Key."""
        numbers = self._key().public_key().public_numbers()
        return {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": self.id,
            "n": _text(numbers.n.to_bytes(256)),
            "e": _text(numbers.e.to_bytes(3)),
        }

    def certificate(self) -> str:
        """Return the public half as a certificate in PEM, signed by the key itself."""
        key, now = self._key(), datetime.now(UTC)
        built = (
            x509.CertificateBuilder()
            .subject_name(_NAME)
            .issuer_name(_NAME)
            .public_key(key.public_key())
            .serial_number(int(self.id, 16))
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=3650))
        )
        return built.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()

    @property
    def id(self) -> str:
        """The name by which a token refers to this key."""
        modulus = self._key().public_key().public_numbers().n
        return hashlib.sha256(str(modulus).encode()).hexdigest()[:38]

    def _key(self) -> RSAPrivateKey:
        if not self.pem:
            made = generate_private_key(_EXPONENT, 2048)
            self.pem = made.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ).decode()
        return _loaded(self.pem)


@lru_cache(maxsize=2)
def _loaded(pem: str) -> RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    return key


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
