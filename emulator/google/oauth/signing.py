"""RS256 without a crypto library: an RSA key made on first use.

The key proves nothing to anybody outside this machine; it exists so that clients which
insist on verifying ID tokens can. Not for any other use.
"""

import base64
import hashlib
import json
import math
import secrets
from collections.abc import Mapping
from functools import cached_property
from typing import Any

_EXPONENT = 65537
_BYTES = 256
# DER of "what follows is a SHA-256 hash", fixed by PKCS #1.
_SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


class SigningKey:
    """A 2048-bit RSA key that signs JSON Web Tokens."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return the claims as a signed token."""
        head = {"alg": "RS256", "typ": "JWT", "kid": self.id}
        message = f"{_text(json.dumps(head).encode())}.{_text(json.dumps(claims).encode())}"
        digest = _SHA256_PREFIX + hashlib.sha256(message.encode()).digest()
        padded = b"\x00\x01" + b"\xff" * (_BYTES - len(digest) - 3) + b"\x00" + digest
        modulus, private = self._numbers
        signature = pow(int.from_bytes(padded), private, modulus)
        return f"{message}.{_text(signature.to_bytes(_BYTES))}"

    def public(self) -> dict[str, str]:
        """Return the public half as a JSON Web Key."""
        return {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": self.id,
            "n": _text(self._numbers[0].to_bytes(_BYTES)),
            "e": _text(_EXPONENT.to_bytes(3)),
        }

    @cached_property
    def id(self) -> str:
        """The name by which a token refers to this key."""
        return hashlib.sha256(str(self._numbers[0]).encode()).hexdigest()[:40]

    @cached_property
    def _numbers(self) -> tuple[int, int]:
        # Four short primes instead of two long ones: weaker, and found in a tenth of the time.
        while True:
            primes = {_prime(_BYTES * 2) for _ in range(4)}
            modulus, order = math.prod(primes), math.lcm(*(prime - 1 for prime in primes))
            if modulus.bit_length() == _BYTES * 8 and math.gcd(_EXPONENT, order) == 1:
                return modulus, pow(_EXPONENT, -1, order)


def _prime(bits: int) -> int:
    while True:
        # The three highest bits are set so that a product of four has full length.
        candidate = secrets.randbits(bits) | (7 << (bits - 3)) | 1
        if math.gcd(candidate, _SMALL_PRIMES) == 1 and _is_prime(candidate):
            return candidate


def _is_prime(number: int, rounds: int = 16) -> bool:
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(rounds):
        power = pow(secrets.randbelow(number - 3) + 2, odd, number)
        if power in (1, number - 1):
            continue
        if not any((power := pow(power, 2, number)) == number - 1 for _ in range(twos - 1)):
            return False
    return True


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


_SMALL_PRIMES = math.prod(
    n for n in range(3, 2000, 2) if all(n % d for d in range(3, 45, 2) if d < n)
)
