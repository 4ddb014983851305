"""Which places one workspace may have read.

A source address comes from a caller of the API, so it is never trusted. A file lies under a
folder that the operator gave to the workspace, a URL is https and leads to a public address, and
an `upload:` address names an upload of the workspace itself. API, transfers and steps ask
`SourcePolicies` for the policy of the workspace that they work for; there is no global one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from transport.address import PORTS
from transport.proxies import DIRECT, Proxies


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """What one workspace may have read. Without roots no file is read at all."""

    roots: tuple[Path, ...] = ()
    uploads: Path | None = None
    """The folder of the workspace's own uploads. `upload:` addresses lead nowhere else."""
    kept_out: tuple[Path, ...] = ()
    """Folders and files that no `file:` address reaches, whatever the roots.

    They are compared by device and inode and not by name, so a symlink, `..`, another spelling
    on a disk that ignores case, and a bind mount of the same folder are all seen, and a hard link
    to a file that is named here too. A hard link under a root to another file of such a folder
    is not: its inode says nothing of where else it is linked. Linux lets nobody link a file that
    they may not write (`fs.protected_hardlinks`).
    """
    allow_private: bool = False
    """Private, loopback and link-local addresses, plain http, and any port."""
    ports: frozenset[int] = PORTS
    """Ports that a URL may name, where private addresses are not allowed."""
    proxies: Proxies = DIRECT
    """How URLs are reached."""


@dataclass(frozen=True, slots=True)
class SourcePolicies:
    """Makes the policy of a workspace. One object serves all threads of a process."""

    data_dir: Path
    roots_of: Callable[[str], Sequence[Path]]
    """The media roots of a workspace, by its id. Asked each time, so a change holds at once."""
    secrets: tuple[Path, ...] = ()
    """Files that are kept out wherever they lie, such as the key set and a database."""
    allow_private: bool = False
    ports: frozenset[int] = PORTS
    proxies: Proxies = DIRECT

    def of(self, workspace_id: str) -> SourcePolicy:
        """What this workspace may have read now. Raises what `roots_of` raises."""
        return SourcePolicy(
            roots=tuple(self.roots_of(workspace_id)),
            uploads=uploads_folder(self.data_dir, workspace_id),
            kept_out=(self.data_dir, *self.secrets),
            allow_private=self.allow_private,
            ports=self.ports,
            proxies=self.proxies,
        )


def intake_folder(data_dir: Path) -> Path:
    """Where the uploads of all workspaces lie, in a folder for each."""
    return data_dir.resolve() / "media"


def uploads_folder(data_dir: Path, workspace_id: str) -> Path:
    """Where the uploads of a workspace lie: one file each, named by its id and nothing else."""
    return intake_folder(data_dir) / workspace_id
