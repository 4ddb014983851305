"""An address is compared with those that were judged where the socket is opened."""

import pytest

from tests.support.raw_server import RawServer
from tests.support.uploads import answer
from transport.address import parse, resolve
from transport.curl import Call, Failure, Handle


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "[::ffff:7f00:1]"]
)
@pytest.mark.parametrize("judged", [["192.0.2.1"], ["::1"], []], ids=str)
def test_no_address_is_connected_to_that_was_not_judged(host: str, judged: list[str]) -> None:
    with RawServer(lambda connection: connection.sendall(answer("200 OK"))) as server:
        address = parse(f"http://{host}:{server.port}/", allow_private=True)
        call = Call("GET", address.url, address.host, address.port, judged)
        assert exchange(call) is Failure.UNCONNECTED
        assert server.connections == 0
        found = resolve(address, allow_private=True, whose="")
        assert exchange(Call("GET", address.url, address.host, address.port, found)) is None


def exchange(call: Call) -> Failure | None:
    handle = Handle()
    handle.begin(call, lambda _: True)
    while not handle.step(1.0):
        pass
    handle.close()
    return handle.failure
