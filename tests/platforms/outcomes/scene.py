"""One assignment of one platform, and what a row of the tables may be asked about it."""

import hashlib
import secrets
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from activities.access.packing import pack
from activities.publishing.reconciling import SETTLING
from domain.secrets import Secret
from domain.states import StepName
from media.file import open_file
from media.policy import SourcePolicy
from media.source import VideoFacts
from platforms.outcomes.table import Call
from platforms.protocol import Account
from store.engine import Store
from store.queries.access import connections, credentials
from store.queries.publishing import assignments, transfers, videos
from store.tables import Assignment
from testkit import meta
from testkit.emulator import ANA, Emulator
from testkit.pictures import SRT, png
from tests.platforms.outcomes.home import CHUNK, Failed, Home, Process, Work, be_killed
from tests.support.attachments import pin_local

SIZE = 3 * CHUNK + 1000
PNG = png()
_REDIRECT = "http://127.0.0.1:8420/back"
_CALLBACKS = {
    name: f"http://127.0.0.1:8420/api/v1/oauth/{name}/callback" for name in ("youtube", "facebook")
}


@dataclass
class Scene:
    """Attempts the call's activity, and counts what the call has made at the platform."""

    home: Home
    store: Store
    emulator: Emulator
    call: Call
    type: str = "video"
    was_made: bool | None = field(default=None, init=False)
    """Whether the call had its effect when it was over for the first time."""

    def __post_init__(self) -> None:
        self._process = Process(self.home, self.store, lambda _: None)
        self.authorize()
        self.assignment_id, self.sha256 = self._assign()
        self._step: StepName | None = None
        if self.call.name in set(StepName):
            assert self.attempt() is None
            self._step = StepName(self.call.name)

    # What a worker does ---------------------------------------------------------------

    def attempt(self) -> Failed | None:
        """Run the activity once, in a worker that has only just begun."""
        return Process(self.home, self.store, self._over).attempt(self.work)

    def be_killed(self) -> None:
        """Run it in a worker that is killed as soon as the call is over."""
        be_killed(self.home, self.work, self.call.name)
        self._over(self.call.name)

    def forget(self) -> None:
        """What was made so far was not the call that is looked at."""
        self.was_made = None

    @property
    def work(self) -> Work:
        return Work(self.assignment_id, self._step)

    def _over(self, call: str) -> None:
        if call == self.call.name and self.was_made is None:
            self.was_made = self.count() > 0

    # What people and time do ----------------------------------------------------------

    def authorize(self) -> None:
        """What a consent does."""
        account = self._youtube() if self.call.platform == "youtube" else self._facebook()
        with self.store.write() as session:
            connection = connections.ensure_connection(
                session,
                workspace_id=self.home.workspace_id,
                platform=self.call.platform,
                account_id=account.id,
                name=account.name,
                handle=None,
                thumbnail_url=None,
                scopes=account.credential.scopes,
            )
            credentials.keep_credential(
                session, self._process.vault, connection.id, secret=pack(account.credential)
            )
        self._connection_id = connection.id

    def publish_a_twin(self) -> None:
        """Another video of the same size and title, which the account has then, too."""
        twin, _ = self._assign()
        assert self._process.attempt(Work(twin)) is None

    def let_days_pass(self) -> None:
        """The session is lost for so long that its video would be listed by now."""
        with self.store.write() as session:
            transfer = transfers.ensure_transfer(session, self.assignment_id)
            transfer.lost_at = datetime.now(UTC) - SETTLING - timedelta(seconds=1)

    # What there is --------------------------------------------------------------------

    def count(self) -> int:
        """How many of the call's own are at the platform: sessions, bytes, videos, pictures."""
        state = self.emulator.state()
        match self.call.name:
            case "session":
                return len(state["sessions"])
            case "chunk" | "piece" | "rest":
                return sum(session["stored"] for session in state["sessions"])
            case "thumbnail":
                picture = hashlib.sha256(PNG).hexdigest()
                return sum(video["thumbnail_sha256"] == picture for video in state["videos"])
            case "captions" | "playlist":
                name = {"captions": "captions", "playlist": "playlists"}[self.call.name]
                return sum(len(video[name]) for video in state["videos"])
            case _:
                return sum(video["sha256"] == self.sha256 for video in state["videos"])

    def assignment(self) -> Assignment:
        with self.store.read() as session:
            return assignments.get_assignment_by_id(session, self.assignment_id)

    def the_video(self) -> dict[str, Any]:
        """The only one there is of the file, and finished once."""
        (video,) = (v for v in self.emulator.videos() if v["sha256"] == self.sha256)
        assert video.get("finishes", 1) == 1
        return video

    # ----------------------------------------------------------------------------------

    def _youtube(self) -> Account:
        platform, verifier = self._process.youtube, Secret(secrets.token_urlsafe(48))
        url = platform.consent_url(
            state=Secret("s"), redirect_uri=_CALLBACKS["youtube"], verifier=verifier
        )
        code = parse_qs(urlsplit(self.emulator.consent(url, account=ANA)).query)["code"][0]
        credential = platform.redeem(
            code=Secret(code), redirect_uri=_CALLBACKS["youtube"], verifier=verifier
        )
        (account,) = platform.accounts(credential).usable
        self._token = credential.access_token
        return account

    def _facebook(self) -> Account:
        platform, none = self._process.facebook, Secret("there is no PKCE")
        url = platform.consent_url(
            state=Secret("s"), redirect_uri=_CALLBACKS["facebook"], verifier=none
        )
        code = meta.query_of(meta.consent(self.emulator, url))["code"]
        credential = platform.redeem(
            code=Secret(code), redirect_uri=_CALLBACKS["facebook"], verifier=none
        )
        usable = platform.accounts(credential).usable
        return next(found for found in usable if found.name == meta.BAKERY)

    def _assign(self) -> tuple[str, str]:
        """An assignment of a video unlike every other one, and the SHA-256 of that."""
        content = secrets.token_bytes(SIZE)
        clip = self.home.media / f"{secrets.token_hex(8)}.mp4"
        clip.write_bytes(content)
        anywhere = SourcePolicy(roots=(self.home.media,))
        with closing(open_file(clip.as_uri(), policy=anywhere)) as source:
            pin = source.pin
        facts = VideoFacts(pin, clip.name, "video/mp4", "mp4", 4000, 540, 960, None)
        payload = self._payload()
        with self.store.write() as session:
            video = videos.create_video(
                session,
                workspace_id=self.home.workspace_id,
                source_url=clip.as_uri(),
                facts=facts,
            )
            assignment = assignments.create_assignment(
                session,
                workspace_id=self.home.workspace_id,
                connection_id=self._connection_id,
                video_id=video.id,
                platform=self.call.platform,
                type=self.type,
                payload=payload,
            )
            platform = self._process.registry.get(self.call.platform)
            pin_local(session, assignment.id, platform.attachments(payload))
        return assignment.id, hashlib.sha256(content).hexdigest()

    def _payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = {"title": "Sourdough", "privacy": "public"}
        match self.call.name:
            case "thumbnail":
                payload["thumbnailUrl"] = self._attach("cover.png", PNG)
            case "captions":
                track = {"language": "en", "url": self._attach("en.srt", SRT)}
                payload["captions"] = [track]
            case "playlist":
                payload["playlistIds"] = [self._playlist()]
        return payload

    def _attach(self, name: str, content: bytes) -> str:
        path = self.home.media / name
        path.write_bytes(content)
        return path.as_uri()

    def _playlist(self) -> str:
        self.emulator.switch(playlist_takes_twice=True)
        made = httpx2.post(
            f"{self.emulator.url}/youtube/v3/playlists?part=snippet",
            headers={"authorization": f"Bearer {self._token.reveal()}"},
            json={"snippet": {"title": "Bread"}},
        )
        return str(made.json()["id"])
