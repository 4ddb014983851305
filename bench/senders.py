"""The contestants of the transfer bench, each in a process of its own.

`python -m bench.senders NAME FILE ADDRESS` sends the file to a sink and prints what it
cost as one line of JSON. Measured is from the first request to the final answer: imports
and start-up are left out, and memory is counted from what the process held before.
"""

import json
import re
import resource
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from http.client import HTTPSConnection
from importlib.resources import files
from pathlib import Path
from ssl import create_default_context
from urllib.parse import urlsplit

from googleapiclient.discovery import build_from_document
from googleapiclient.http import MediaFileUpload, build_http

from domain.secrets import Secret
from media.digest import Digest
from media.open import open_found
from media.policy import SourcePolicy
from platforms.transfer import engine
from platforms.youtube.publishing.resumable import ResumableUpload

MIB = 1024 * 1024
OUR_CHUNK = 32 * MIB
"""The default of `CASTLINE_CHUNK_MIB`."""
GOOGLE_CHUNK = 100 * MIB
"""The client library's own default."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one transfer took."""

    size: int
    seconds: float
    cpu_seconds: float
    memory_mib: float
    """Peak over what was held before; of a foreign program its whole peak."""


def send_ours(path: Path, address: str, *, digest: Digest | None = None) -> None:
    """The transfer engine with YouTube's machine, hashing nothing, as the others do."""
    connection = HTTPSConnection(urlsplit(address).netloc, context=create_default_context())
    with closing(connection):
        connection.request("POST", "/upload")
        session = Secret(connection.getresponse().headers["Location"])
    upload = ResumableUpload(
        session,
        size=path.stat().st_size,
        chunk_size=OUR_CHUNK,
        access_token=lambda: Secret("bench"),
        fresh=True,
    )
    with closing(open_found(path.as_uri(), policy=SourcePolicy(roots=(path.parent,)))) as source:
        engine.run(
            upload,
            source,
            on_progress=lambda _sent: None,
            before_finish=lambda: None,
            pause=time.sleep,
            digest=digest,
        )


def send_ours_hashed(path: Path, address: str) -> None:
    """The same with the SHA-256 of what is sent, as a worker runs it."""
    digest = Digest(path.stat().st_size, hashes=True)
    send_ours(path, address, digest=digest)
    assert digest.sha256


def send_google(path: Path, address: str) -> None:
    """googleapiclient as Google documents it: MediaFileUpload, 100 MiB chunks."""
    documents = files("googleapiclient.discovery_cache.documents")
    document = json.loads(documents.joinpath("youtube.v3.json").read_text())
    document["rootUrl"] = document["baseUrl"] = f"{address}/"
    youtube = build_from_document(document, http=build_http())  # type: ignore[no-untyped-call]
    media = MediaFileUpload(str(path), mimetype="video/mp4", chunksize=GOOGLE_CHUNK, resumable=True)
    request = youtube.videos().insert(part="snippet", body={}, media_body=media)
    answer = None
    while answer is None:
        _progress, answer = request.next_chunk()


SENDERS: dict[str, Callable[[Path, str], None]] = {
    "ours": send_ours,
    "hashed": send_ours_hashed,
    "google": send_google,
}


def measure(send: Callable[[Path, str], None], path: Path, address: str) -> Cost:
    """Run `send` once. Linux only: the peak is the kernel's own figure."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak of the imports does not count
    held, used, begun = _memory("VmRSS"), _cpu(), time.perf_counter()
    send(path, address)
    return Cost(
        size=path.stat().st_size,
        seconds=time.perf_counter() - begun,
        cpu_seconds=_cpu() - used,
        memory_mib=_memory("VmHWM") - held,
    )


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _memory(name: str) -> float:
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    cost = measure(SENDERS[sys.argv[1]], Path(sys.argv[2]), sys.argv[3])
    print(json.dumps(asdict(cost)))
