"""Routes that take JSON and answer it: they know their parameters, and name all faults at once.

A query parameter that a route does not know is refused, so that a misspelt one is noticed. What
parsing finds wrong is answered together with what only a look at rows, rules of a platform or
files can tell: a route says by `checked` what is to be looked at, and that is also done with the
right fields of a faulty body. Nothing is written then, and the endpoint itself never runs.
"""

import inspect
from collections.abc import Callable, Coroutine, Mapping, Set
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar, get_args

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import Query
from fastapi.routing import APIRoute

from api.context import Context
from api.problems import NOT_JSON, NOT_VALID, details_of
from api.schemas.base import Body, Given, parse_right
from api.services.faults import Faults
from api.source_reads import reads_source
from domain.errors import InvalidRequest, NotFound, PlatformNotConfigured, TooManyRequests
from domain.ids import WorkspaceId

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is refused, and of which everything else that is wrong is looked for."""

    here: Context
    workspace_id: WorkspaceId
    given: Mapping[str, Any]
    """The fields of the body that are right by themselves, by name. What is wrong is missing."""
    named: Set[str]
    """The fields that the body names. Of others `given` has the defaults."""
    path: Mapping[str, str]
    faults: Faults = field(default_factory=Faults)


Check = Callable[[Asked], None]
"""Looks, in a thread, and adds to the faults. It may raise `NotFound` of what the address names,
and `PlatformNotConfigured` of its platform."""


def checked(check: Check) -> Callable[[Endpoint], Endpoint]:
    """Have an endpoint's faulty requests looked at by `check`."""

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.check = check  # type: ignore[attr-defined]  # a mark on a function
        return endpoint

    return mark


def json_router(prefix: str, tag: str, **options: Any) -> APIRouter:
    """A router all of whose routes are such."""
    return APIRouter(prefix=prefix, tags=[tag], **{"route_class": JsonRoute, **options})


class JsonRoute(APIRoute):
    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _held(endpoint), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        parameters = get_flat_params(self.dependant)
        known = [one.alias for one in parameters if isinstance(one.field_info, Query)]

        async def strict(request: Request) -> Response:
            unknown = _find_unknown(request, known)
            faults = Faults()
            faults.add(unknown, *NOT_VALID)
            token = _is_held.set(bool(unknown))
            try:
                return await handle(request)
            except _Held as held:
                given = held.given
            except RequestValidationError as error:
                given = self._parse_rest(error, faults)
            finally:
                _is_held.reset(token)
            await self._look(request, given, faults)
            faults.raise_any()
            raise AssertionError("a request is held for its faults")

        return strict

    def _parse_rest(self, error: RequestValidationError, faults: Faults) -> Given:
        """Add what parsing found, and return what is right."""
        found = error.errors()
        if any(fault["type"] == "json_invalid" for fault in found):
            raise InvalidRequest(*NOT_JSON, details=faults.details)
        faults.add(details_of(found), *NOT_VALID)
        model = self._body_model
        return Given() if model is None else parse_right(model, error.body)

    @property
    def _body_model(self) -> type[Body] | None:
        if self.body_field is None:
            return None
        kind = self.body_field.field_info.annotation
        for one in (kind, *get_args(kind)):
            if isinstance(one, type) and issubclass(one, Body):
                return one
        return None

    async def _look(self, request: Request, given: Given, faults: Faults) -> None:
        check: Check | None = getattr(self.endpoint, "check", None)
        workspace_id = getattr(request.state, "workspace_id", None)
        if check is None or workspace_id is None or not given.right:
            return
        here = request.app.state.context
        path = request.path_params
        asked = Asked(here, workspace_id, given.right, given.named, path, faults)

        def look() -> None:
            try:
                check(asked)
            except (NotFound, PlatformNotConfigured):
                return  # it is refused as it is

        if not reads_source(given.right):
            await to_thread.run_sync(look)
            return
        try:
            await here.source_reads.run(workspace_id, look)
        except TooManyRequests:
            return  # of the files nothing can be told now


_is_held: ContextVar[bool] = ContextVar("castline_is_held", default=False)
"""True where the endpoint must not run, because the request has faults already."""


class _Held(Exception):
    """Raised in the endpoint's place: the request was parsed, with this body."""

    def __init__(self, given: Given) -> None:
        super().__init__()
        self.given = given


def _held(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The endpoint, which runs only where nothing was found wrong before."""

    def stop_if_faulty(arguments: Mapping[str, Any]) -> None:
        if _is_held.get():
            bodies = [one for one in arguments.values() if isinstance(one, Body)]
            raise _Held(Given(dict(bodies[0]), bodies[0].model_fields_set) if bodies else Given())

    if inspect.iscoroutinefunction(endpoint):

        @wraps(endpoint)
        async def run_async(**arguments: Any) -> Any:
            stop_if_faulty(arguments)
            return await endpoint(**arguments)

        return run_async

    @wraps(endpoint)
    def run(**arguments: Any) -> Any:
        stop_if_faulty(arguments)
        return endpoint(**arguments)

    return run


def _find_unknown(request: Request, known: list[str]) -> dict[str, list[str]]:
    names = f"Known: {', '.join(known)}." if known else "This address knows none."
    sentence = f"There is no such query parameter. {names}"
    return {name: [sentence] for name in request.query_params if name not in known}
