"""Records the histories that `test_replay.py` replays: `python -m tests.replay.record [NAME…]`.

Runs each outcome of the lifecycles once on a stack of its own (API, worker, emulator, dev
server) and writes the history of its workflow to `histories/<workflow>-<outcome>.json`, sealed
with the test key set beside this file. It takes some minutes and replaces everything that was
recorded, or only what is named; days pass at once, by the server's own time skipping. Record anew
when a workflow changes before a release; after one, change the workflow by `workflow.patched` and
add to the corpus by name: what was recorded then must go on replaying.
"""

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowFailureError

from testkit.emulator import Emulator
from tests.replay.noting import REAUTH_DAYS, Installation
from tests.replay.outcomes import OUTCOMES
from tests.support.exit import end_now
from tests.support.stack import Stack, running_stack, temporal_server

HISTORIES = Path(__file__).with_name("histories")
KEYSET = Path(__file__).with_name("keyset.json")
"""A key set for tests: it seals nothing but these histories."""


NARROWLY = {"transfers_per_workspace": 1, "consents_per_workspace": 1, "slow_source_seconds": 2}


async def record(name: str, stack: Stack) -> None:
    await asyncio.to_thread(stack.emulator.reset)
    workflow_id = await OUTCOMES[name].bring(await stack.tenant(name))
    workflow = stack.client.get_workflow_handle(workflow_id)
    with suppress(WorkflowFailureError):
        await workflow.result()
    if OUTCOMES[name].is_first_run:
        first = (await workflow.describe()).raw_description.workflow_execution_info.first_run_id
        workflow = stack.client.get_workflow_handle(workflow_id, run_id=first)
    history = json.loads((await workflow.fetch_history()).to_json())
    text = json.dumps(_without_identities(history), separators=(",", ":"))
    (HISTORIES / f"{name}.json").write_text(text + "\n")
    print(f"{name}: {len(history['events'])} events")


def _without_identities(part: Any) -> Any:
    """A process id and the name of a machine: no two recordings would be alike."""
    if isinstance(part, list):
        return [_without_identities(each) for each in part]
    if isinstance(part, dict):
        return {
            name: "worker" if name == "identity" else _without_identities(value)
            for name, value in part.items()
        }
    return part


async def record_all(names: Collection[str]) -> None:
    HISTORIES.mkdir(exist_ok=True)
    for old in HISTORIES.glob("*.json"):
        if old.stem in names or old.stem not in OUTCOMES:
            old.unlink()
    emulator = Emulator.start()
    try:
        for place in {OUTCOMES[name].on for name in names}:
            there = [name for name in names if OUTCOMES[name].on == place]
            await _record_on(emulator, place, there)
    finally:
        emulator.stop()


async def _record_on(emulator: Emulator, place: Installation, names: Collection[str]) -> None:
    dynamic: dict[str, object] = {"frontend.WorkflowTimeSkippingEnabled": True}
    if place.calls_long:
        dynamic["limit.historyCount.suggestContinueAsNew"] = 8
    narrow = NARROWLY if place.is_narrow else {}
    with tempfile.TemporaryDirectory() as folder:
        async with (
            temporal_server(**dynamic) as address,
            running_stack(
                Path(folder),
                emulator,
                address,
                works=place.works,
                keyset=KEYSET.read_text(),
                reauth_days=REAUTH_DAYS,
                youtube_manages=place.manages,
                **narrow,
            ) as stack,
        ):
            for name in names:
                await record(name, stack)


def chosen(names: Collection[str]) -> Collection[str]:
    """The outcomes that are named, or all. Ends the program for a name that is none."""
    wrong = sorted(set(names) - OUTCOMES.keys())
    if wrong:
        known = "\n  ".join(sorted(OUTCOMES))
        raise SystemExit(f"No outcome is called {', '.join(wrong)}. There are:\n  {known}")
    return names or OUTCOMES.keys()


if __name__ == "__main__":
    wanted = chosen(sys.argv[1:])
    # The outcomes are full of failures that are meant; what is not is raised.
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)
    asyncio.run(record_all(wanted))
    end_now(0)
