"""The recorded histories, and how they are read and replayed."""

from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from domain.secrets import Secret
from runtime.codec import make_data_converter
from store.keyring import Keyring
from tests.replay.record import KEYSET

CONVERTER = make_data_converter(Keyring.from_json(Secret(KEYSET.read_text())))


def replayer(workflows: list[type]) -> Replayer:
    return Replayer(
        workflows=workflows,
        data_converter=CONVERTER,
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


def history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())
