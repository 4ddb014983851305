"""Addresses that are taken with and without their last slash.

A redirect would cost a request and lose the body of a POST with many clients, so both
forms are routes; the one without the slash stays out of the documentation.
"""

from collections.abc import Callable
from typing import Any, TypeVar

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def both(method: Callable[..., Any], path: str, **options: Any) -> Callable[[Endpoint], Endpoint]:
    """Register an endpoint at `path`, which ends with a slash, and without that slash."""

    def register(endpoint: Endpoint) -> Endpoint:
        method(path, **options)(endpoint)
        method(path.removesuffix("/"), include_in_schema=False, **options)(endpoint)
        return endpoint

    return register
