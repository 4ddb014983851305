"""What the examinations share: the database, Temporal's client and the keys, each opened once."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from temporalio.client import Client

from cli.choosing import connect_temporal
from domain.errors import CastlineError
from runtime.health.finding import Skipped, in_thread
from runtime.parts import build_store, database_files, load_keyring
from runtime.settings import Settings
from store.engine import Store
from store.keyring import Keyring, create_keyset
from store.schema import SchemaVersions, Version
from store.vault import Vault


class Installation:
    """Opens a part when it is first asked for; what cannot be opened cannot for all."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._opening: dict[str, asyncio.Future[Any]] = {}
        self._stores: list[Store] = []

    @property
    def has_database(self) -> bool:
        """False for an SQLite database whose file is not there: opening would make it."""
        path = self.database_path
        return path is None or path.exists()

    @property
    def database_path(self) -> Path | None:
        """The file of an SQLite database. None: it is on a server."""
        files = database_files(self.settings)
        return files[0] if files else None

    async def open_database(self) -> Store:
        """The database as it is. Raises what the driver raises."""
        store: Store = await self._once("database", self._open_store)
        return store

    async def store(self) -> Store:
        """The database, readable and of this version's schema. Raises `Skipped`."""
        if not self.has_database:
            raise Skipped("there is no database")
        if not await self.has_current_schema():
            raise Skipped("the database cannot be read, or its schema is another version's")
        return await self.open_database()

    async def has_current_schema(self) -> bool:
        """False also for a database that cannot be read."""
        try:
            versions = await self.schema_versions()
        except Exception:  # whatever a driver raises; the examination of the database says so
            return False
        return versions.version is Version.CURRENT

    async def schema_versions(self) -> SchemaVersions:
        """Which schema the database has. Raises what the store raises."""
        versions: SchemaVersions = await self._once("schema", self._read_versions)
        return versions

    async def connect(self) -> Client:
        """Temporal's client. Raises `Unavailable`."""
        client: Client = await self._once("temporal", self._connect)
        return client

    async def client(self) -> Client:
        """Temporal's client. Raises `Skipped`."""
        try:
            return await self.connect()
        except CastlineError:
            raise Skipped("Temporal does not answer") from None

    async def close(self) -> None:
        for opening in self._opening.values():
            opening.cancel()
        await asyncio.gather(*self._opening.values(), return_exceptions=True)
        for store in self._stores:
            store.close()

    async def _once(self, name: str, open: Callable[[], Awaitable[Any]]) -> Any:
        if name not in self._opening:
            self._opening[name] = asyncio.ensure_future(open())
        # One examination that is late must not end it for the others.
        return await asyncio.shield(self._opening[name])

    async def _open_store(self) -> Store:
        try:
            vault = Vault(load_keyring(self.settings))
        except CastlineError:
            vault = None  # nothing that is sealed is read
        store = build_store(self.settings, vault)
        self._stores.append(store)
        return store

    async def _read_versions(self) -> SchemaVersions:
        return await in_thread((await self.open_database()).schema_versions)

    async def _connect(self) -> Client:
        try:
            keyring = load_keyring(self.settings)
        except CastlineError:
            # Temporal is looked at all the same, and no payload is opened.
            keyring = Keyring.from_json(create_keyset())
        return await connect_temporal(self.settings, keyring)
