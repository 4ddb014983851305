"""What a person sees in a real browser: the consent, and what an operator can read."""

from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from playwright.async_api import Page, async_playwright, expect

from testkit.clips import CLIP
from testkit.required import program
from tests.support.machine import Machine, Up
from tests.support.serving import serving

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("machine"))


@pytest.fixture(scope="module")
def up(machine: Machine) -> Iterator[Up]:
    program("chromium", "chromium-browser", "google-chrome")
    with machine.up() as up:
        machine.run("workspaces", "create", "bakery")
        machine.run("keys", "create", "--save")
        yield up


@pytest.fixture
async def page(up: Up) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program("chromium", "chromium-browser", "google-chrome"), args=QUIET
        )
        yield await browser.new_page()
        await browser.close()


@pytest.fixture
async def service(machine: Machine, up: Up) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"Authorization": f"Bearer {(machine.data / 'key').read_text().strip()}"}
    base = f"{machine.url}/api/v1"
    async with httpx2.AsyncClient(base_url=base, headers=headers, timeout=30) as service:
        yield service


async def items(service: httpx2.AsyncClient, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.get(path)).json()["items"]
    return found


async def test_a_person_connects_a_channel(
    page: Page, machine: Machine, service: httpx2.AsyncClient
) -> None:
    wanted = {"platform": "youtube", "redirectUrl": f"{machine.url}/api/v1/oauth/done"}
    ticket = (await service.post("/oauth/tickets", json=wanted)).json()

    await page.goto(ticket["authUrl"])
    await page.get_by_text("ana@example.test").first.click()
    await page.get_by_role("button", name="Allow").click()

    await expect(page.get_by_role("heading")).to_contain_text("onnected")
    assert "status=success" in page.url
    found = (await service.get(f"/oauth/tickets/{ticket['ticketId']}")).json()
    assert found["state"] == "connected"


async def test_an_operator_reads_a_publication_in_the_temporal_web_ui(
    page: Page, machine: Machine, service: httpx2.AsyncClient
) -> None:
    (connection,) = await items(service, "/connections")
    published = machine.run("publish", str(CLIP), "--title", "Sourdough")
    assert published.returncode == 0, published.stdout + published.stderr
    (assignment,) = await items(service, "/assignments")
    key = machine.run("keys", "create", "--operator").stdout.split()[0]

    await page.goto(f"{machine.url}/codec")
    await page.get_by_label("Operator's key").fill(key)
    await page.get_by_role("button", name="Open").click()
    await expect(page.get_by_text("signed in")).to_be_visible()
    ui = machine.env["CASTLINE_TEMPORAL_UI_URL"]
    await page.goto(f"{ui}/namespaces/default/workflows")
    await page.get_by_label("Configure Codec Server").click()
    await page.get_by_text("Use my browser setting").click()
    await page.get_by_placeholder("Paste your endpoint here").fill(f"{machine.url}/codec")
    await page.get_by_text("Include cross-origin credentials").first.click()
    await page.get_by_role("button", name="Apply").click()
    await page.goto(f"{ui}/namespaces/default/workflows/assignment%2F{assignment['id']}")

    await expect(page.get_by_text("Sourdough").first).to_be_visible(timeout=20_000)
    await expect(page.get_by_text(connection["id"]).first).to_be_visible()
    await page.get_by_text("User Metadata").first.click()
    summary, details = (page.frame_locator(f"iframe >> nth={number}") for number in (0, 1))
    await expect(summary.get_by_text("Sourdough → youtube")).to_be_visible(timeout=20_000)
    await expect(details.get_by_text("published")).to_be_visible()
    await page.get_by_text("Search Attributes").first.click()
    await expect(page.get_by_text("CastlineState")).to_be_visible()


class App(BaseHTTPRequestHandler):
    """A customer's application. What it is sent to at `/hop` it sends on, without a fragment."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/hop":
            self.send_response(302)
            self.send_header("Location", f"/app?{query}")
        else:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>app</title>")

    def log_message(self, *_: object) -> None:
        """Nothing: the test's output is its own."""


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("/app", ""),
        ("/app?customer=7", ""),
        ("/hop", ""),
        ("/app#/settings?tab=1", "#/settings?tab=1"),
    ],
)
async def test_facebooks_fragment_does_not_reach_the_application(
    page: Page, service: httpx2.AsyncClient, path: str, left: str
) -> None:
    with serving(App) as port:
        wanted = {"platform": "facebook", "redirectUrl": f"http://127.0.0.1:{port}{path}"}
        ticket = (await service.post("/oauth/tickets", json=wanted)).json()
        seen: list[str] = []
        page.on("response", lambda answer: seen.append(answer.headers.get("location", "")))

        await page.goto(ticket["authUrl"])
        await page.get_by_role("button", name="Continue").click()
        await page.wait_for_url("**/app?**")

        assert any(address.endswith("#_=_") for address in seen)
        assert await page.evaluate("location.hash") == left
        query = dict(parse_qsl(urlsplit(page.url).query))
        assert (query["status"], query["ticketId"]) == ("success", ticket["ticketId"])
        assert ("customer" in query) == ("customer" in path)
