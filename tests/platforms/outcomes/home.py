"""An installation of which everything but its files may be killed, at the end of any call.

A `Process` is what a worker has in memory: made anew for each attempt, from the database and
the key set alone. `over` is told of each call to a platform when it is over, answered or lost,
and before anything is made of that; `Killed` processes live in children and die there.
"""

import multiprocessing
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.access.credentials import CredentialKeeper
from activities.contract.assignments import StepInput, TransferInput
from activities.contract.trouble import Trouble
from activities.publishing.processing import PublishingActivities
from activities.publishing.transferring import TransferActivities
from domain.secrets import Secret
from domain.shares import TransferLimits
from domain.states import StepName
from platforms.facebook import MetaApp
from platforms.registry import Registry
from store.engine import Store
from store.keyring import Keyring
from store.vault import Vault
from testkit import meta
from tests.platforms.outcomes.overheard import Over, OverheardFacebook, OverheardYouTube
from tests.support.attachments import policies
from tests.support.google import app_at

CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Home:
    """What outlives every process."""

    database: str
    keyset: str
    workspace_id: str
    emulator_url: str
    media: Path

    @property
    def vault(self) -> Vault:
        return Vault(Keyring.from_json(Secret(self.keyset)))


@dataclass(frozen=True, slots=True)
class Work:
    """One activity: the transfer of an assignment, or one of its extra steps."""

    assignment_id: str
    step: StepName | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """What an attempt failed with: the kind of an activity's failure, and its code."""

    kind: str
    code: str


class Process:
    """A worker's memory, but for the store's, which is only of statements."""

    def __init__(self, home: Home, store: Store, over: Over) -> None:
        self.store = store
        self.vault = home.vault
        self.policies = policies(home.media)
        self.youtube = OverheardYouTube(app_at(home.emulator_url), chunk_size=CHUNK, manages=True)
        app = MetaApp(
            app_id=meta.APP_ID,
            app_secret=Secret(meta.APP_SECRET),
            dialog_root=home.emulator_url,
            graph_root=home.emulator_url,
        )
        self.facebook = OverheardFacebook(app, chunk_size=CHUNK)
        self.youtube.over = self.facebook.over = over
        self.registry = Registry({"youtube": self.youtube, "facebook": self.facebook})
        self.keeper = CredentialKeeper(self.store, self.vault, self.registry)

    def attempt(self, work: Work) -> Failed | None:
        """Run the activity once; None when it did what it was asked for."""
        try:
            if work.step is None:
                transferring = TransferActivities(
                    self.store,
                    self.vault,
                    self.registry,
                    self.keeper,
                    self.policies,
                    TransferLimits(1000, slow_bytes_per_second=0, slow_window=60),
                )
                ActivityEnvironment().run(
                    transferring.transfer, TransferInput(work.assignment_id, 1)
                )
            else:
                publishing = PublishingActivities(
                    self.store, self.registry, self.keeper, self.policies
                )
                ActivityEnvironment().run(
                    publishing.run_step, StepInput(work.assignment_id, 1, work.step)
                )
        except ApplicationError as error:
            (trouble,) = error.details
            assert isinstance(trouble, Trouble)
            return Failed(str(error.type), trouble.code)
        return None


def be_killed(home: Home, work: Work, call: str) -> None:
    """Attempt it in a process that is killed, by SIGKILL, as soon as `call` is over."""
    child = _children.Process(target=_die, args=(home, work, call))
    child.start()
    child.join(120)  # the first one loads everything
    assert child.exitcode == -signal.SIGKILL, child.exitcode
    child.close()


_children = multiprocessing.get_context("forkserver")
# What has threads cannot be forked; this server has none, and has loaded everything already.
_children.set_forkserver_preload([__name__])


def _die(home: Home, work: Work, call: str) -> None:
    def over(name: str) -> None:
        if name == call:
            os.kill(os.getpid(), signal.SIGKILL)

    Process(home, Store(home.database, home.vault), over).attempt(work)
