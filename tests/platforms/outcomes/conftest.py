from collections.abc import Callable, Iterator

import pytest

from platforms.outcomes.table import Call
from store.engine import Store
from store.keyring import create_keyset
from store.queries import workspaces
from testkit.emulator import Emulator
from tests.platforms.outcomes.home import CHUNK, Home
from tests.platforms.outcomes.scene import Scene

SetScene = Callable[..., Scene]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, emulator_process: Emulator) -> Home:
    """One for all rows: each has an assignment and a consent of its own."""
    folder = tmp_path_factory.mktemp("outcomes")
    database = f"sqlite:///{folder / 'castline.db'}"
    store = Store(database)
    store.migrate()
    with store.write() as session:
        workspace = workspaces.create_workspace(session, name="ours")
    store.close()
    keyset = create_keyset().reveal()
    return Home(database, keyset, workspace.id, emulator_process.url, folder)


@pytest.fixture(scope="session")
def store(home: Home) -> Iterator[Store]:
    store = Store(home.database, home.vault, synchronous="normal")
    yield store
    store.close()


@pytest.fixture
def set_scene(home: Home, store: Store, emulator: Emulator) -> SetScene:
    emulator.switch(processing_seconds=0, page_processing_seconds=0, range_bytes=CHUNK)

    def set_scene(call: Call, type: str = "video") -> Scene:
        return Scene(home, store, emulator, call, type)

    return set_scene
