"""What one run of an activity sees of an upload, kept until a transaction takes it along.

Evidence costs no transaction of its own while all is well: it goes with the progress, the finish
and the end, which are written anyway, and only a run that fails writes once for its sake. What
a killed worker had not written is a fiftieth of its time at most, or two seconds; the question
with which the next run begins covers it.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlmodel import Session
from temporalio.exceptions import ApplicationError, CancelledError

from domain.errors import CastlineError, PlatformError, SourceError
from domain.evidence import During, EvidenceKind, Proof, Sent, Told, proof_by_sums
from domain.states import StepName
from media.digest import Digest
from platforms.transfer.exchange import Exchange
from platforms.transfer.machine import Finished
from store.queries.publishing.evidence import Observation, add_evidence
from store.tables import Assignment

SHORTEST_SECONDS = 2.0
"""How often evidence is written at most."""
SHARE = 1 / 50
"""Of the run's time so far: a transfer of 48 hours leaves some four hundred entries."""


def pause_after(seconds: float) -> float:
    """For how long evidence is collected by a run that is so old."""
    return max(SHORTEST_SECONDS, SHARE * seconds)


class Witness:
    """Collects observations in their order. Not thread-safe: each run has one of its own."""

    def __init__(self) -> None:
        self._seen: list[Observation] = []
        self._digest: Digest | None = None
        self._tried: During | None = None
        self._began_at = self._wrote_at = time.monotonic()

    def follow(self, digest: Digest) -> None:
        """The digest of the bytes that this run sends."""
        self._digest = digest

    def note(self, kind: EvidenceKind, **data: Any) -> None:
        """Remember an observation; what is None of it says nothing."""
        said = {name: value for name, value in data.items() if value is not None}
        self._seen.append(Observation(kind, said))

    @contextmanager
    def during(self, what: During) -> Iterator[None]:
        """Say what is tried within."""
        before = self._tried
        self.turn_to(what)
        yield
        # Only where all went well: what an error leaves is what it happened to.
        self._tried = before

    def turn_to(self, what: During) -> None:
        """Say what is tried from now on."""
        self._tried = what

    def of_credential(self) -> AbstractContextManager[None]:
        """Say that a credential is got within."""
        return self.during(During.CREDENTIAL)

    def observe(self, exchange: Exchange) -> None:
        """Remember what the engine told. Offsets that follow each other are one entry."""
        if exchange.sent is Sent.BYTES:
            self.turn_to(During.BYTES)
        if (exchange.sent, exchange.told) == (Sent.BYTES, Told.HELD):
            self._confirm(exchange.confirmed)
            return
        answer = {
            "told": exchange.told,
            "offset": exchange.confirmed if exchange.told is Told.HELD else None,
            "status": exchange.status,
            "code": exchange.code,
            "reason": exchange.reason,
            "platformId": exchange.platform_id,
        }
        if exchange.sent is Sent.QUESTION:
            self.note(EvidenceKind.ASKED, **answer)
        else:
            self.note(EvidenceKind.ANSWERED, to=exchange.sent, **answer)

    def identify(self, finished: Finished, *, summed: int, size: int, sha256: str | None) -> None:
        """Remember which video it became, and how the bytes that were sent for it are known.

        `summed` of its `size` bytes have block sums, and `sha256` is the source's, if it is known.
        """
        hashed = None if self._digest is None else self._digest.sha256
        proof = Proof.SHA256 if hashed else proof_by_sums(summed, size, sha256)
        self.note(
            EvidenceKind.IDENTIFIED,
            platformId=finished.platform_id,
            knownBy=finished.known_by,
            proof=proof,
            sha256=hashed or (sha256 if proof is Proof.BLOCKS else None),
        )

    def stop(self, error: Exception) -> None:
        """Remember why this run went no further."""
        self.note(EvidenceKind.STOPPED, **self._trouble(error))

    def miss(self, step: StepName, error: Exception) -> None:
        """Remember that a step failed, or a look at the processing."""
        self.note(EvidenceKind.STEP, step=step, told=Told.ERROR, **self._trouble(error))

    def complete(self, step: StepName) -> None:
        """Remember that an extra step is done."""
        self.note(EvidenceKind.STEP, step=step, told=Told.FINISHED)

    @property
    def is_due(self) -> bool:
        """True when a transaction that comes by should take along what there is."""
        now = time.monotonic()
        return now - self._wrote_at >= pause_after(now - self._began_at)

    def testify(self, session: Session, row: Assignment) -> None:
        """Write what was seen into this transaction, as its last step, and forget it."""
        add_evidence(session, row, self._seen)
        self._seen = []
        self._wrote_at = time.monotonic()

    def _trouble(self, error: Exception) -> dict[str, Any]:
        # Bytes are read while others are sent, so their own errors say so themselves.
        is_source = isinstance(error, SourceError)
        return {"during": During.SOURCE if is_source else self._tried, **said_by(error)}

    def _confirm(self, offset: int) -> None:
        offsets = [offset]
        if self._seen and self._seen[-1].kind is EvidenceKind.CONFIRMED:
            offsets = [*self._seen.pop().data["offsets"], offset]
        self.note(EvidenceKind.CONFIRMED, offsets=offsets)


RUN_ENDED = "run_ended"
"""Detail of the error that stops a transfer whose workflow has ended, and nobody cancelled it."""


def said_by(error: Exception) -> dict[str, str | None]:
    """Its code, the platform's reason and its sentence, as evidence has them.

    Of an error that is none of ours only that there was one: its text may hold anything.
    """
    match error:
        case PlatformError():
            return {"code": error.code, "reason": error.reason, "error": error.sentence}
        case CastlineError():
            return {"code": error.code, "error": error.sentence}
        case CancelledError():
            return {"code": RUN_ENDED if RUN_ENDED in error.details else "cancelled"}
        case ApplicationError():
            return {"code": str(error.type), "error": error.message}
        case _:
            return {"code": "internal", "error": "Castline met an error of its own."}
