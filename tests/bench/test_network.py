import subprocess
import sys

import pytest

from bench.network import Namespace, find_missing, line

pytestmark = pytest.mark.skipif(find_missing() is not None, reason=str(find_missing()))

SERVE = """
import socket, sys
server = socket.create_server((sys.argv[1], 4711))
print("ready", flush=True)
while True:
    connection, _ = server.accept()
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data)
"""
ASK = """
import socket, sys, time
with socket.create_connection((sys.argv[1], 4711)) as connection:
    begun = time.perf_counter()
    connection.sendall(b"?")
    connection.recv(1)
    print(time.perf_counter() - begun)
"""


def ask(near: Namespace, far: Namespace) -> float:
    """Seconds there and back."""
    command = [*near.prefix, sys.executable, "-c", ASK, far.address]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def test_a_packet_takes_the_delay_there_and_back() -> None:
    with line() as between:
        command = [*between.far.prefix, sys.executable, "-c", SERVE, between.far.address]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
            assert server.stdout
            server.stdout.readline()
            between.delay = 0.2
            assert ask(between.near, between.far) >= 0.4
            server.kill()


def test_what_is_to_be_lost_does_not_pass() -> None:
    with line() as between:
        between.lose(99)
        command = [*between.near.prefix, sys.executable, "-c", ASK, between.far.address]
        # Nobody listens: one packet that passed would be answered at once.
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run(command, check=False, timeout=2)
