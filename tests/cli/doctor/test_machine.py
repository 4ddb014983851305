"""What the doctor says of this machine's folders and disks."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from runtime.health.finding import State
from runtime.settings import Settings
from tests.support.doctor import look, look_at

EXABYTE_MIB = 2**40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder.resolve()


def set_mode(path: Path, mode: int) -> None:
    path.chmod(mode)


def chosen(folder: Path, **settings: Any) -> Settings:
    return Settings.model_validate({"data_dir": folder, **settings})


async def test_python_is_named(folder: Path) -> None:
    assert "python" in (await look_at(chosen(folder), "python")).fact


async def test_a_data_folder_is_there_and_nobody_elses(folder: Path) -> None:
    assert (await look_at(chosen(folder), "data folder")).state is State.OK
    set_mode(folder, 0o777)
    open_to_all = await look_at(chosen(folder), "data folder")
    assert (open_to_all.state, open_to_all.remedy) == (State.FAILED, f"chmod go-w {folder}")
    missing = await look_at(chosen(folder / "elsewhere"), "data folder")
    assert missing.state is State.FAILED


async def test_files_that_others_can_read_are_named_with_the_command_that_mends_it(
    folder: Path,
) -> None:
    (folder / "logs").mkdir(mode=0o700)
    log = folder / "logs" / "api.log"
    log.touch(mode=0o600)
    assert (await look_at(chosen(folder), "file modes")).state is State.OK
    log.chmod(0o644)
    exposed = await look_at(chosen(folder), "file modes")
    assert exposed.fact == "others can read data/logs/api.log"
    assert exposed.remedy == f"chmod -R go= {folder}"
    mend = await asyncio.create_subprocess_exec("chmod", "-R", "go=", str(folder))
    assert await mend.wait() == 0
    assert (await look_at(chosen(folder), "file modes")).state is State.OK
    for number in range(7):
        (folder / f"{number}.db").touch(mode=0o644)
    assert " and 2 more" in (await look_at(chosen(folder), "file modes")).fact
    assert (await look_at(chosen(folder / "none"), "file modes")).state is State.SKIPPED


async def test_free_space_is_measured_for_each_folder(folder: Path) -> None:
    found = await look(chosen(folder, storage_floor_mib=0), "folders")
    assert [one.subject for one in found] == [
        "folder of the database",
        "folder of the data",
        "folder of the temporary files",
    ]
    assert {one.state for one in found} == {State.OK}
    for one in found:
        assert 0 < float(str(one.figures["freeMib"])) <= float(str(one.figures["totalMib"]))


async def test_little_free_space_is_named(folder: Path) -> None:
    full = chosen(folder, ready_floor_mib=EXABYTE_MIB)
    found = {one.subject: one for one in await look(full, "folders")}
    assert found["folder of the database"].state is State.FAILED
    assert found["folder of the data"].state is State.WARNING
    assert found["folder of the data"].remedy == "Free space on its disk."
    refusing = chosen(folder, storage_floor_mib=EXABYTE_MIB)
    refused = await look_at(refusing, "folders", "folder of the data")
    assert refused.state is State.WARNING
    assert "uploads" in refused.fact


async def test_a_folder_that_cannot_be_written_is_named(folder: Path) -> None:
    # Root may write to any folder but to those of the kernel.
    found = await look_at(chosen(Path("/proc/self")), "folders", "folder of the data")
    assert found.state is State.FAILED
    assert "cannot be written" in found.fact
    assert found.remedy is not None
