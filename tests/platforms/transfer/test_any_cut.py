"""Whatever is cut, kept in part or lost: the stored bytes are the source's."""

import random
from collections import deque
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media.file import open_file
from media.policy import SourcePolicy
from tests.platforms.transfer.conftest import KIB, Ride
from tests.support.uploads import MiniUpload, Step, UploadServer, answer

SETBACK = st.one_of(
    st.builds(Step, cut_after=st.integers(0, 300 * KIB)),
    st.builds(Step, keep=st.integers(1, 300 * KIB)),
    st.builds(Step, lose_answer=st.just(True)),
    st.builds(Step, answer=st.just(answer("503 Busy"))),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    size=st.integers(1, 700 * KIB),
    chunk=st.integers(40 * KIB, 800 * KIB),
    setbacks=st.lists(SETBACK, max_size=5),
)
def test_the_stored_bytes_equal_the_source(
    tmp_path: Path, size: int, chunk: int, setbacks: list[Step]
) -> None:
    path = tmp_path / "video.bin"
    path.write_bytes(random.Random(size).randbytes(size))
    source = open_file(path.as_uri(), policy=SourcePolicy(roots=(path.parent,)))
    with UploadServer(size, steps=deque(setbacks)) as server:
        ride = Ride(source)
        assert ride.run(MiniUpload(server.url, size=size, chunk=chunk)).platform_id == "made"
    source.close()
    assert server.stored == path.read_bytes()
