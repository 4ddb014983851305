"""What a request to an endpoint says, wherever its client put it.

Clients send a form, JSON, or the query, and the access token as a parameter or a header;
all of these are in public use. The body goes before the query, the header before both.
"""

from aiohttp import web

from emulator.parsing import form_of, parse_json


async def said(request: web.Request) -> dict[str, str]:
    """Return the parameters of a request; a body that cannot be read says nothing."""
    body = await (_json(request) if request.content_type == "application/json" else _form(request))
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = {"access_token": token.strip()} if scheme.lower() == "bearer" and token else {}
    return {**request.query, **body, **bearer}


async def _form(request: web.Request) -> dict[str, str]:
    return {name: str(value) for name, value in (await form_of(request)).items()}


async def _json(request: web.Request) -> dict[str, str]:
    try:
        content = parse_json(await request.read() or b"{}")
    except ValueError:
        return {}
    if not isinstance(content, dict):
        return {}
    return {name: str(value) for name, value in content.items() if value is not None}
