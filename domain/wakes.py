"""Workflows that a committed change concerns.

A row is written first and its workflow is woken after the commit. A wake may be lost with its
process, so each is idempotent and Reconcile finds what it was for.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PersonNeeded:
    """A connection, or work that waits for it, needs its re-authorization to be asked for."""

    connection_id: str


@dataclass(frozen=True, slots=True)
class ConnectionSettled:
    """A connection that needed a person is well again, or was disconnected."""

    connection_id: str


@dataclass(frozen=True, slots=True)
class DeliveryDue:
    """Events of a subject stand in line for an endpoint."""

    workspace_id: str
    endpoint_id: str
    subject_id: str


@dataclass(frozen=True, slots=True)
class RetryForced:
    """A person ended the reading of what a running assignment reads back."""

    assignment_id: str


@dataclass(frozen=True, slots=True)
class SourceReplaced:
    """The video of an assignment has another address, or is another one.

    Where this is lost, the next try of the source finds it, a quarter of an hour later at most.
    """

    assignment_id: str


@dataclass(frozen=True, slots=True)
class TransferPlaceFree:
    """A transfer of a workspace ended, and others of it may be queued for its place."""

    workspace_id: str
    is_slow: bool


Wake = (
    PersonNeeded
    | ConnectionSettled
    | DeliveryDue
    | RetryForced
    | SourceReplaced
    | TransferPlaceFree
)
