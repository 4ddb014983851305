"""The documentation page: Swagger UI from our own files, under a strict policy."""

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from api.headers import ASSETS, hashes_of

router = APIRouter()


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    app = request.app
    assert isinstance(app, FastAPI)
    page = get_swagger_ui_html(
        openapi_url=str(app.openapi_url),
        title=f"{app.title} API",
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS}/favicon.png",
    )
    # The page holds no text of a caller's, so its one inline script may be hashed as it is.
    script = hashes_of("script", bytes(page.body).decode())
    page.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' {script}; style-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
        "form-action 'none'"
    )
    return page
