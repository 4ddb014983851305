"""Who is looked up, and what is connected to."""

import asyncio
import socket
import threading

import httpcore2
import pytest

from activities.telling.network import CheckedNetwork, LookUps
from tests.support.receiver import Receiver
from transport import names
from transport.address import parse

NAME = parse("https://localhost/", allow_private=True)
LITERAL = parse("https://127.0.0.1/", allow_private=True)


async def test_the_next_address_is_tried_where_the_first_does_not_answer() -> None:
    with Receiver() as receiver:
        network = CheckedNetwork(["127.0.0.2", "127.0.0.1"])  # it listens at the second one only
        stream = await network.connect_tcp("elsewhere.example", receiver.port)
        assert stream.get_extra_info("server_addr")[0] == "127.0.0.1"
        await stream.aclose()


async def test_the_trouble_of_the_last_address_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed: int = server.getsockname()[1]
    with pytest.raises(httpcore2.ConnectError):
        await CheckedNetwork(["127.0.0.2", "127.0.0.1"]).connect_tcp("any.example", closed)


async def test_no_look_up_waits_for_others_and_an_address_needs_none() -> None:
    goes_on = threading.Event()

    def slow(_host: str, _port: int) -> list[str]:
        goes_on.wait()
        return ["127.0.0.1"]

    look_ups = LookUps(allow_private=True, names=names.LookUps(1, kept=0, find=slow))
    first = asyncio.create_task(look_ups.find(NAME, whose="wsp_1"))
    await asyncio.sleep(0)
    assert await look_ups.find(NAME, whose="wsp_1") is None
    assert allowed_by(await look_ups.find(LITERAL, whose="wsp_1")) == ["127.0.0.1"]
    goes_on.set()
    assert allowed_by(await first) == ["127.0.0.1"]
    assert await look_ups.find(NAME, whose="wsp_1")  # its thread is free again


def allowed_by(network: CheckedNetwork | None) -> list[str]:
    assert network
    return list(network.allowed)
