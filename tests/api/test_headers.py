"""The header fields that every answer has."""

import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI
from playwright.async_api import async_playwright, expect

from api.pages import render
from testkit.required import program
from tests.support.api import PUBLIC_URL, Tenant, client

HTML = ["/", "/docs", "/codec", "/api/v1/oauth/done", "/api/v1/oauth/reauth/x"]


@pytest.mark.parametrize("path", [*HTML, "/openapi.json", "/livez", "/api/v1/videos", "/nothing"])
async def test_an_answer_may_be_framed_nowhere_and_load_only_what_it_needs(
    browser: httpx2.AsyncClient, path: str
) -> None:
    headers = (await browser.get(path)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"


async def test_no_answer_with_a_secret_is_stored(ours: Tenant) -> None:
    hook = {"url": "https://93.184.216.34/hook"}
    endpoint = (await ours.http.post("/api/v1/webhooks/endpoints", json=hook)).json()
    path = f"/api/v1/webhooks/endpoints/{endpoint['id']}"
    wanted = {"platform": "youtube", "redirectUrl": "https://app.example.com/connected"}
    answers = [
        await ours.http.get(f"{path}/secret"),
        await ours.http.post(f"{path}/rotate-secret"),
        await ours.http.post("/api/v1/oauth/tickets", json=wanted),
        await ours.http.post("/api/youtube/auth/initiate/"),
    ]
    for answer in answers:
        assert answer.is_success
        assert answer.headers["Cache-Control"] == "no-store"


async def test_only_the_documentations_files_may_be_kept(browser: httpx2.AsyncClient) -> None:
    script = await browser.get("/static-offline-docs/swagger-ui-bundle.js")
    assert script.is_success
    assert "Cache-Control" not in script.headers


def test_a_page_has_no_script_and_no_style_attribute() -> None:
    page = render("message", title="<script>", sentence="<style>").body
    assert not re.search(rb"<script|style=|<style>.*<style>", page, re.DOTALL)


@pytest.fixture
async def served(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with client(app) as served:
        yield served


async def test_the_pages_work_under_their_policies(served: httpx2.AsyncClient) -> None:
    chromium = program("chromium", "chromium-browser", "google-chrome")
    refused: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        page = await browser.new_page()
        page.on(
            "console",
            lambda message: refused.append(message.text) if message.type == "error" else None,
        )

        async def answer(route: object) -> None:
            request = route.request  # type: ignore[attr-defined]
            got = await served.request(request.method, request.url)
            headers = {**got.headers}
            headers.pop("content-encoding", None)
            await route.fulfill(  # type: ignore[attr-defined]
                status=got.status_code, headers=headers, body=got.content
            )

        await page.route("**/*", answer)
        await page.goto(f"{PUBLIC_URL}/docs")
        await expect(page.get_by_role("heading", name="Castline")).to_be_visible(timeout=60_000)
        await page.get_by_text("/api/v1/videos", exact=True).first.click()
        await expect(page.get_by_text("Responses").first).to_be_visible(timeout=60_000)
        await page.goto(f"{PUBLIC_URL}/codec")
        # The page's own style is in force: a refused one would leave the browser's.
        main = page.get_by_role("main")
        await expect(main).to_have_css("padding-top", "32px")
        await browser.close()
    assert refused == []
