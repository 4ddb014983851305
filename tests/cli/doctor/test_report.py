"""How findings are shown, and that nothing makes the doctor crash."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from cli.doctor import EXAMINATIONS, examine
from cli.doctor.report import report
from cli.local.probes import free_ports
from domain.errors import CastlineError
from runtime.health.finding import Finding, State, failed, ok, run_check, skipped, warning
from runtime.settings import Settings
from tests.support.machine import Machine

MISSPELT = "CASTLINE_" + "COLOUR"

FINDINGS = [
    ok("one", "is well", figure=1),
    skipped("two", "there is none"),
    warning("three", "is odd", "Look at it."),
    failed("four", "is broken", "Mend it."),
]


def shown(findings: list[Finding], *, as_json: bool) -> str:
    said: list[str] = []
    report(findings, said.append, as_json=as_json)
    return "\n".join(said)


def test_each_finding_is_a_line_with_what_to_do_below() -> None:
    assert shown(FINDINGS, as_json=False) == (
        "ok     one: is well\n"
        "skip   two: there is none\n"
        "warn   three: is odd\n"
        "       Look at it.\n"
        "fail   four: is broken\n"
        "       Mend it."
    )


@pytest.mark.parametrize(("count", "status"), [(2, "ok"), (3, "warning"), (4, "failed")])
def test_a_machine_reads_the_worst_state_and_every_finding(count: int, status: str) -> None:
    told = json.loads(shown(FINDINGS[:count], as_json=True))
    assert set(told) == {"status", "examinedAt", "findings"}
    assert told["status"] == status
    assert len(told["findings"]) == count
    assert told["findings"][0] == {
        "subject": "one",
        "state": "ok",
        "fact": "is well",
        "remedy": None,
        "figures": {"figure": 1},
    }
    if count > 2:
        assert told["findings"][2]["remedy"] == "Look at it."


async def test_a_check_that_fails_or_is_late_is_a_finding_without_the_errors_text() -> None:
    async def crash() -> Finding:
        raise RuntimeError("postgresql://castline:password@db")

    async def refuse() -> Finding:
        raise CastlineError("gone", "It is gone.")

    async def hang() -> Finding:
        import asyncio

        await asyncio.Event().wait()
        raise AssertionError

    (crashed,) = await run_check("one", crash, seconds=60)
    assert (crashed.state, "RuntimeError" in crashed.fact) == (State.FAILED, True)
    assert "password" not in str(crashed)
    (refused,) = await run_check("one", refuse, seconds=60)
    assert (refused.state, refused.fact) == (State.FAILED, "It is gone.")
    (late,) = await run_check("one", hang, seconds=0.1)
    assert (late.state, late.fact) == (State.FAILED, "gave no answer within 0.1 s")
    assert all(one.remedy for one in (crashed, refused, late))


async def test_everything_that_is_away_or_hangs_is_a_finding(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts and never answers
        port = silent.getsockname()[1]
        settings = Settings.model_validate(
            {
                "data_dir": tmp_path,
                "database_url": f"postgresql+psycopg://castline:secret@127.0.0.1:{port}/castline",
                "temporal_address": f"127.0.0.1:{port}",
                "port": port,
                "emulator_url": f"http://127.0.0.1:{port}",
            }
        )
        said: list[str] = []
        code = await examine(settings, said.append, as_json=True)
    told = json.loads(said[0])
    assert (code, told["status"]) == (1, "failed")
    seen = {finding["subject"]: finding for finding in told["findings"]}
    for subject in ("database", "Temporal", "API", "youtube app"):
        assert seen[subject]["state"] == "failed", seen[subject]
        assert seen[subject]["remedy"]
    assert "secret" not in said[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"CASTLINE_DATABASE_URL": "mysql://castline:geheim@db/castline"},
        {"CASTLINE_DATABASE_URL": "nonsense geheim"},
        {"CASTLINE_PORT": "abc"},
        {MISSPELT: "geheim"},
    ],
    ids=str,
)
def test_settings_that_are_refused_are_a_finding(tmp_path: Path, wrong: dict[str, str]) -> None:
    code, told = doctor(Machine(tmp_path), **wrong)
    assert (code, told["status"]) == (1, "failed")
    (fault,) = [one for one in told["findings"] if one["state"] == "failed"]
    assert fault["subject"] == "settings"
    assert next(iter(wrong)) in fault["fact"]
    assert "geheim" not in str(told)
    others = [one for one in told["findings"] if one["state"] == "skipped"]
    assert len(others) == len(EXAMINATIONS)


def test_warnings_alone_are_no_trouble(tmp_path: Path) -> None:
    machine = Machine(tmp_path, free_ports(4))
    code, told = doctor(machine, CASTLINE_DATA_DIR=str(machine.data))
    assert code == 1
    assert {one["state"] for one in told["findings"]} <= {"ok", "skipped", "warning", "failed"}


def doctor(machine: Machine, **settings: str) -> tuple[int, dict[str, Any]]:
    ended = machine.run("doctor", "--json", seconds=120, **settings)
    assert "Traceback" not in ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout)
    return ended.returncode, told
