"""A certificate for the platforms' real names, and the authority that clients have to trust.

Both are made once and kept in a folder. The authority's key is never stored: whoever reads the
folder can serve these names, but cannot sign for another one. A certificate that has expired, or
lacks a name, is replaced together with its authority, at the same paths.
"""

import os
import shlex
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

REAL_NAMES = (
    # Google and YouTube: consent, tokens, APIs, uploads, links.
    "accounts.google.com",
    "oauth2.googleapis.com",
    "openidconnect.googleapis.com",
    "people.googleapis.com",
    "upload.youtube.com",
    "www.googleapis.com",
    "content.googleapis.com",
    "youtube.googleapis.com",
    "i.ytimg.com",
    "m.youtube.com",
    "www.youtube.com",
    "youtube.com",
    "youtu.be",
    # Meta: dialogs, Graph API, uploads, links.
    "graph.facebook.com",
    "graph-video.facebook.com",
    "rupload.facebook.com",
    "api.facebook.com",
    "business.facebook.com",
    "facebook.com",
    "m.facebook.com",
    "web.facebook.com",
    "www.facebook.com",
    "limited.facebook.com",
    "fb.watch",
)
"""Names of Google and Meta that publishers' clients call, and those of links to videos."""

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")

LIFETIME = timedelta(days=90)
_MARGIN = timedelta(days=7)
"""A certificate is replaced so long before its end, because the emulator may run for days."""

TRUST_VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "HTTPLIB2_CA_CERTS",
    "NODE_EXTRA_CA_CERTS",
    "CURL_CA_BUNDLE",
)
"""What names the authority to OpenSSL, Python's ssl, httpx and Go; requests; httplib2; Node;
curl. All but Node's replace the authorities that are trusted otherwise."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the folder holds. All may read it but `server`, which has the private key."""

    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    @property
    def server(self) -> Path:
        return self.folder / "server.pem"

    @property
    def environment(self) -> Path:
        """Lines for a shell that make its clients trust the authority."""
        return self.folder / "environment"

    @property
    def hosts(self) -> Path:
        """A hosts file that leads the real names to this machine."""
        return self.folder / "hosts"

    def context(self) -> ssl.SSLContext:
        """Return the context of a server by these names."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.server)
        return context

    def trust_lines(self) -> list[str]:
        """Return the lines of `environment`."""
        return [f"export {name}={shlex.quote(str(self.authority))}" for name in TRUST_VARIABLES]


def ensure_identity(folder: Path, *, host: str = "127.0.0.1") -> Identity:
    """Return the folder's certificate; make it where there is none that is good for a week.

    `host` is where the emulator listens, one more name of the certificate. Raises OSError where
    the folder cannot be written.
    """
    identity = Identity(folder.absolute())
    names = (*REAL_NAMES, *LOCAL_NAMES, *([] if host in ("", "0.0.0.0", "::") else [host]))  # noqa: S104
    if not _is_good(identity, names):
        _make_folder(identity.folder)
        _make(identity, names)
    _write(identity.environment, "\n".join([*identity.trust_lines(), ""]).encode())
    lines = ["127.0.0.1 localhost", "::1 localhost", *(f"127.0.0.1 {name}" for name in REAL_NAMES)]
    _write(identity.hosts, "\n".join([*lines, ""]).encode())
    return identity


def _is_good(identity: Identity, names: tuple[str, ...]) -> bool:
    try:
        authority = x509.load_pem_x509_certificate(identity.authority.read_bytes())
        server = x509.load_pem_x509_certificate(identity.server.read_bytes())
        server.verify_directly_issued_by(authority)
        found = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    lasts = server.not_valid_after_utc - datetime.now(UTC) > _MARGIN
    return lasts and set(map(_general_name, names)) <= set(found)


def _make(identity: Identity, names: tuple[str, ...]) -> None:
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = _name("Castline emulator authority")
    authority = (
        _begin(issuer, issuer, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    server = (
        _begin(_name("Castline emulator"), issuer, key.public_key())
        .add_extension(x509.SubjectAlternativeName(map(_general_name, names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    encoding = serialization.Encoding.PEM
    _write(identity.server, server.public_bytes(encoding) + private, mode=0o600)
    _write(identity.authority, authority.public_bytes(encoding))


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # A client's clock may be a little behind.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFETIME)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(0o755)  # whatever the umask: clients of other users read the authority


def _write(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace a file as a whole."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    draft = Path(name)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    draft.chmod(mode)
    draft.replace(path)
