"""How long a web server is listened to."""

import time

import pytest

from domain.errors import SourceUnreachable
from media.origin import get
from media.policy import SourcePolicy
from tests.support.origin import Origin


def test_an_answer_that_never_begins_is_not_waited_for(
    origin: Origin, at_home: SourcePolicy
) -> None:
    origin.data, origin.trickles = bytes(400), "head"
    began = time.monotonic()
    with pytest.raises(SourceUnreachable):
        get(origin.url, policy=at_home, headers={}, within=0.5)
    assert time.monotonic() < began + 4
