"""The codec endpoint: lets an operator read encrypted payloads in the Temporal Web UI.

The Web UI's page posts payloads here from its own origin, with the operator's cookie when
its box for cross-origin credentials is ticked; the command line sends a key as Bearer. The
cookie holds the key sealed and a time at which it ends, so it is worth nothing elsewhere
and nothing later. Only the Web UI's origin may read an answer.
"""

import base64
import binascii
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth import Bearer, check_operator, is_operator
from api.context import Context, Here
from api.pages import SAFE, render
from api.schemas.codec import Payloads
from api.schemas.problem import ALWAYS, answers
from domain.errors import CastlineError, Unauthorized
from domain.secrets import Secret
from runtime.codec_http import decode_json

router = APIRouter(prefix="/codec", tags=["Codec"])

COOKIE = "castline_operator"
COOKIE_SECONDS = 12 * 3600
_CONTEXT = b"operator cookie"


class CodecCors:
    """Lets the Temporal Web UI's origin, and no other, use `/codec/`."""

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
        is_codec = scope["type"] == "http" and scope["path"].startswith("/codec/")
        await (self._open if is_codec else self._app)(scope, receive, send)


async def _raw_body(request: Request) -> bytes:
    return await request.body()


@router.get("", include_in_schema=False)
def form(here: Here, request: Request) -> Response:
    return _page(here, opened=_is_signed_in(here, request))


@router.post("", include_in_schema=False)
def sign_in(
    here: Here, request: Request, key: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    if not check_operator(here, request, Secret(key)):
        return _page(here, refused=True)
    sealed = here.keyring.seal(f"{int(time.time()) + COOKIE_SECONDS}|{key}".encode(), _CONTEXT)
    response = _page(here, opened=True)
    response.set_cookie(
        COOKIE,
        base64.urlsafe_b64encode(sealed).decode(),
        max_age=COOKIE_SECONDS,
        path="/codec",
        httponly=True,
        samesite="strict",
        secure=here.settings.url.startswith("https:"),
    )
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
    if not by_key and not _is_signed_in(here, request):
        raise Unauthorized("unauthorized", "Send an operator's key, or sign in at /codec.")
    return Response(decode_json(body, here.keyring), media_type="application/json", headers=SAFE)


def _is_signed_in(here: Context, request: Request) -> bool:
    try:
        sealed = base64.urlsafe_b64decode(request.cookies.get(COOKIE, ""))
        until, key = here.keyring.open(sealed, _CONTEXT).decode().split("|", 1)
    except (binascii.Error, ValueError, CastlineError):
        return False
    return time.time() < int(until) and is_operator(here, Secret(key))


def _page(here: Context, *, opened: bool = False, refused: bool = False) -> Response:
    return render(
        "codec",
        status=401 if refused else 200,
        opened=opened,
        refused=refused,
        endpoint=f"{here.settings.url}/codec",
    )
