"""Which queues a worker polls, and with how many slots."""

from pathlib import Path

import pytest
from temporalio.client import Client

from domain.queues import (
    ACTIVITY_QUEUES,
    DELIVERY_QUEUE,
    SLOW_TRANSFER_QUEUE,
    TRANSFER_QUEUE,
    WORKFLOW_QUEUE,
)
from runtime.parts import build_parts
from runtime.settings import Settings
from runtime.shares import ShareInterceptor
from runtime.worker import make_workers
from store.keyring import ensure_keyset_file


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.model_validate({"data_dir": tmp_path, "transfer_slots": 3})
    ensure_keyset_file(settings.keyset_file)
    return settings


@pytest.fixture
async def client(temporal: str) -> Client:
    return await Client.connect(temporal)


async def test_every_queue_has_slots_and_threads_of_its_own(
    settings: Settings, client: Client
) -> None:
    configs = [worker.config() for worker in make_workers(settings, build_parts(settings), client)]
    by_queue = {config["task_queue"]: config for config in configs}
    assert tuple(by_queue) == ACTIVITY_QUEUES
    executors = [config["activity_executor"] for config in configs]
    assert len(set(map(id, executors))) == len(ACTIVITY_QUEUES)
    assert by_queue[TRANSFER_QUEUE]["max_concurrent_activities"] == 3
    assert by_queue[SLOW_TRANSFER_QUEUE]["max_concurrent_activities"] == 32
    assert by_queue[DELIVERY_QUEUE]["max_concurrent_activities"] == 64


async def test_every_foreign_wait_is_shared_by_workspace(
    settings: Settings, client: Client
) -> None:
    workers = make_workers(settings, build_parts(settings), client)
    shared = {
        config["task_queue"]
        for config in (worker.config() for worker in workers)
        if any(isinstance(one, ShareInterceptor) for one in config.get("interceptors", ()))
    }
    # The share of transfers is counted in the database, for all workers together.
    assert shared == set(ACTIVITY_QUEUES) - {WORKFLOW_QUEUE, TRANSFER_QUEUE, SLOW_TRANSFER_QUEUE}
