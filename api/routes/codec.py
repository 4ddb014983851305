"""The codec endpoint: lets an operator read encrypted payloads in the Temporal Web UI.

The Web UI's page posts payloads here from its own origin, with the operator's cookie when
its box for cross-origin credentials is ticked; the command line sends a key as Bearer. The
cookie names a session in the database, which ends at the time that the page states, when the
operator signs out, and when the key is revoked. Only the Web UI's origin may read an answer.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth import Bearer, check_operator
from api.context import Context, Here
from api.pages import SAFE, render
from api.schemas.codec import Payloads
from api.schemas.problem import ALWAYS, answers
from domain.errors import Unauthorized
from domain.secrets import Secret
from runtime.codec_http import decode_json
from store.queries import codec_sessions, workspaces
from store.tables import CodecSession

router = APIRouter(prefix="/codec", tags=["Codec"])

COOKIE = "castline_operator"
_DECODE = "/codec/decode"


class CodecCors:
    """Lets the Temporal Web UI's origin, and no other, use `/codec/decode`."""

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=[origin.rstrip("/")],
            allow_methods=["POST"],
            allow_headers=["authorization", "content-type", "x-namespace"],
            allow_credentials=True,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_codec = scope["type"] == "http" and scope["path"] == _DECODE
        await (self._open if is_codec else self._app)(scope, receive, send)


async def _raw_body(request: Request) -> bytes:
    return await request.body()


@router.get("", include_in_schema=False)
def form(here: Here, request: Request) -> Response:
    return _page(here, opened=_find_session(here, request))


@router.post("", include_in_schema=False)
def sign_in(
    here: Here, request: Request, key: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    if not check_operator(here, request, Secret(key)):
        return _page(here, refused=True)
    with here.store.write() as session:
        row = workspaces.find_key(session, Secret(key))
        if row is None:  # revoked a moment ago
            return _page(here, refused=True)
        opened, token = codec_sessions.open_session(session, row)
    response = _page(here, opened=opened)
    response.set_cookie(
        COOKIE,
        token.reveal(),
        expires=opened.ends_at,
        path="/codec",
        httponly=True,
        samesite="strict",
        secure=here.settings.url.startswith("https:"),
    )
    return response


@router.post("/logout", include_in_schema=False)
def sign_out(here: Here, request: Request) -> Response:
    """End the session of this browser. `SameSite=Strict` keeps other sites from asking for it."""
    with here.store.write() as session:
        codec_sessions.end_session(session, _token(request))
    response = _page(here, ended=True)
    response.delete_cookie(COOKIE, path="/codec", httponly=True, samesite="strict")
    return response


@router.post(
    "/decode",
    response_model=Payloads,
    responses=answers(*ALWAYS, Unauthorized),
    openapi_extra={
        "requestBody": {
            "required": True,
            # The answer's model is the request's, too: it puts this component there.
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Payloads"}}},
        }
    },
)
def decode(
    here: Here, request: Request, bearer: Bearer, body: Annotated[bytes, Depends(_raw_body)]
) -> Response:
    """Open payloads, by Temporal's remote-codec protocol. Needs an operator's key."""
    by_key = bearer is not None and check_operator(here, request, Secret(bearer.credentials))
    if not by_key and _find_session(here, request) is None:
        raise Unauthorized("unauthorized", "Send an operator's key, or sign in at /codec.")
    return Response(decode_json(body, here.keyring), media_type="application/json", headers=SAFE)


def _token(request: Request) -> Secret:
    return Secret(request.cookies.get(COOKIE, ""))


def _find_session(here: Context, request: Request) -> CodecSession | None:
    with here.store.read() as session:
        return codec_sessions.find_session(session, _token(request))


def _page(
    here: Context,
    *,
    opened: CodecSession | None = None,
    refused: bool = False,
    ended: bool = False,
) -> Response:
    return render(
        "codec",
        status=401 if refused else 200,
        until=None if opened is None else f"{opened.ends_at:%d %B %Y, %H:%M} UTC",
        refused=refused,
        ended=ended,
        endpoint=f"{here.settings.url}/codec",
    )
