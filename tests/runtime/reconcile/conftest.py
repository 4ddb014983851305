"""A store with a connection in it, and what a sweep reaches."""

from tests.activities.conftest import installation

__all__ = ["installation"]
