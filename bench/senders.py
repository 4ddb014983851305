"""The contestants of the transfer bench, each in a process of its own.

`python -m bench.senders NAME COUNT FILE ADDRESS` sends the file COUNT times at once, each in a
thread, as a worker does, and prints what that cost as one line of JSON. Measured is from the
first request to the final answer: imports and start-up are left out, and memory is counted from
what the process held before.
"""

import json
import os
import re
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pycurl
from googleapiclient.discovery import build_from_document
from googleapiclient.http import MediaFileUpload, build_http
from xxhash import xxh3_64

from domain.secrets import Secret
from media.digest import BLOCK_BYTES, Digest
from media.open import open_found
from media.policy import SourcePolicy
from platforms.transfer import engine
from platforms.transfer.machine import Answer, Request
from platforms.transfer.wire import Wire
from platforms.youtube.publishing.resumable import ResumableUpload

MIB = 1024 * 1024
OUR_CHUNK = 128 * MIB
"""The default of `CASTLINE_CHUNK_MIB`."""
GOOGLE_CHUNK = 100 * MIB
"""The client library's own default."""
RAW_BUFFER = 2 * MIB
"""The most that libcurl takes at a time."""

_SUM_OF_ZEROS = xxh3_64(bytes(BLOCK_BYTES)).digest()

Send = Callable[[Path, str], None]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took for all that it sent."""

    size: int
    seconds: float
    cpu_seconds: float
    memory_mib: float
    """Peak over what was held before; of a foreign program its whole peak."""


def send_raw(path: Path, address: str) -> None:
    """The least that libcurl takes from Python: one PUT, read by the file itself."""
    easy = pycurl.Curl()
    with closing(easy), path.open("rb", buffering=0) as file:
        options = {
            pycurl.URL: f"{address}/plain",
            pycurl.UPLOAD: 1,
            pycurl.INFILESIZE_LARGE: path.stat().st_size,
            pycurl.READFUNCTION: file.read,
            pycurl.UPLOAD_BUFFERSIZE: RAW_BUFFER,
            pycurl.WRITEFUNCTION: len,
            pycurl.HTTPHEADER: ["Expect:"],
            pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
            pycurl.CAINFO: os.environ["SSL_CERT_FILE"],
            pycurl.NOSIGNAL: 1,
        }
        for option, value in options.items():
            easy.setopt(option, value)
        easy.perform()
        assert easy.getinfo(pycurl.RESPONSE_CODE) == 201


def send_ours(path: Path, address: str, *, digest: Digest | None = None) -> None:
    """The transfer engine with YouTube's machine; without a digest it hashes nothing, as others."""
    upload = ResumableUpload(
        _open_session(address),
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


def send_first(path: Path, address: str) -> None:
    """The same with what a worker computes for a video's first target: SHA-256 and block sums."""
    digest = Digest(path.stat().st_size, hashes=True)
    send_ours(path, address, digest=digest)
    assert digest.sha256


def send_further(path: Path, address: str) -> None:
    """The same with what a worker computes for a further target: block sums, compared."""
    size = path.stat().st_size
    digest = Digest(size, known=_SUM_OF_ZEROS * (size // BLOCK_BYTES))
    send_ours(path, address, digest=digest)
    assert digest.summed == size


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


def hash_only(path: Path, _address: str) -> None:
    """No contestant: what hashlib takes for as many bytes, which no way of sending can avoid."""
    buffer, left, total = memoryview(bytearray(b"\x01") * (2 * MIB)), path.stat().st_size, sha256()
    while left:
        piece = buffer[:left]
        total.update(piece)
        left -= len(piece)


SENDERS: dict[str, Send] = {
    "raw": send_raw,
    "ours": send_ours,
    "first": send_first,
    "further": send_further,
    "google": send_google,
    "hashlib": hash_only,
}


def _open_session(address: str) -> Secret:
    with closing(Wire(beat=lambda: None)) as wire:
        answer = wire.exchange(Request("POST", Secret(f"{address}/upload"), {}))
    assert isinstance(answer, Answer)
    return Secret(answer.headers["location"])


def measure(send: Send, count: int, path: Path, address: str) -> Cost:
    """Run `send` so many times at once. Linux only: the peak is the kernel's own figure."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak of the imports does not count
    held, used, begun = _memory("VmRSS"), _cpu(), time.perf_counter()
    with ThreadPoolExecutor(count) as threads:
        for sending in [threads.submit(send, path, address) for _ in range(count)]:
            sending.result()
    return Cost(
        size=count * path.stat().st_size,
        seconds=time.perf_counter() - begun,
        cpu_seconds=_cpu() - used,
        memory_mib=_memory("VmHWM") - held,
    )


def _cpu() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _memory(name: str) -> float:
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    cost = measure(SENDERS[sys.argv[1]], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
    print(json.dumps(asdict(cost)))
