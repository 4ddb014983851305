"""The API as the command's own client: where it is, the key, and errors as sentences.

A key is never an argument, because arguments are seen by every process of the machine: it
comes from `CASTLINE_KEY`, a file, or the one that `castline keys create --save` wrote.
"""

import os
from pathlib import Path
from typing import Any

import httpx

from domain.errors import CastlineError, Unauthorized, Unavailable
from domain.secrets import Secret
from settings import Settings

KEY_FILE = "key"


class Service:
    """Speaks `/api/v1`. Raises `CastlineError`s with the API's own sentence."""

    def __init__(self, url: str, key: Secret, *, transport: httpx.BaseTransport | None = None):
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {key.reveal()}"},
            timeout=60,
            transport=transport,
        )

    def get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._ask("POST", path, json=body)

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError:
            raise Unavailable(
                "api_unreachable",
                f"The API does not answer at {self.url}. Is `castline up` or `castline api` "
                "running there? Another address: --url or CASTLINE_URL.",
            ) from None
        if answer.is_success:
            return answer.json()
        raise _refusal(answer)


def open_service(settings: Settings, url: str | None, key_file: Path | None) -> Service:
    """The service that the options, the environment or the defaults name.

    Raises `Unauthorized` when there is no key, saying how to get one.
    """
    url = url or os.environ.get("CASTLINE_URL") or settings.local_url
    return Service(url, _key(settings, key_file))


def save_key(settings: Settings, key: Secret) -> Path:
    """Keep a key for `open_service`, readable by its owner only."""
    path = settings.data_dir / KEY_FILE
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(key.reveal() + "\n")
    return path


def _key(settings: Settings, key_file: Path | None) -> Secret:
    if key_file is None and (key := os.environ.get("CASTLINE_KEY")):
        return Secret(key)
    path = key_file or settings.data_dir / KEY_FILE
    try:
        return Secret(path.read_text().strip())
    except OSError:
        raise Unauthorized(
            "key_missing",
            f"There is no key in {path}. Make one with `castline keys create --save`, name "
            "another file with --key-file, or set CASTLINE_KEY.",
        ) from None


def _refusal(answer: httpx.Response) -> CastlineError:
    try:
        body = answer.json()
        sentences = [body["error"]]
        for field, problems in body.get("details", {}).items():
            sentences += [f"  {field}: {problem}" for problem in problems]
        return CastlineError(body["code"], "\n".join(sentences))
    except (ValueError, KeyError, AttributeError, TypeError):
        return Unavailable(
            "api_unreachable",
            f"{answer.url.host} answered with status {answer.status_code}, and not like Castline.",
        )
