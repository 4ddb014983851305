"""Which call the evidence calls refused: the one that was, and not the question after it."""

import pytest

from domain.errors import PlatformRefusal
from domain.evidence import Sent, Told
from domain.secrets import Secret
from platforms.youtube.publishing.resumable import ResumableUpload
from tests.platforms.transfer.conftest import CHUNK, SIZE, Ride
from tests.support.uploads import Step, UploadServer, answer


def test_a_question_that_was_answered_well_is_not_called_refused(
    server: UploadServer, ride: Ride
) -> None:
    server.steps.extend([Step(), Step(), Step(answer=answer("403 Forbidden"))])
    upload = ResumableUpload(
        Secret(server.url),
        size=SIZE,
        chunk_size=CHUNK,
        access_token=lambda: Secret("t"),
        fresh=True,
    )
    with pytest.raises(PlatformRefusal) as raised:
        ride.run(upload)
    assert raised.value.code == "forbidden"
    assert [(one.sent, one.told, one.status, one.confirmed) for one in ride.seen] == [
        (Sent.BYTES, Told.HELD, 308, CHUNK),
        (Sent.BYTES, Told.HELD, 308, 2 * CHUNK),
        (Sent.FINISH, Told.UNCLEAR, 403, 2 * CHUNK),
        (Sent.QUESTION, Told.HELD, 308, 2 * CHUNK),
    ]
