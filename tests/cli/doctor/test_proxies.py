"""What the doctor says of the proxies on the ways out."""

from pathlib import Path
from typing import Any

from runtime.health.finding import Finding, State
from runtime.settings import Settings
from testkit.emulator import Emulator
from tests.support.connect_proxy import ConnectProxy
from tests.support.doctor import look

NOBODY = "http://user:geheim@127.0.0.1:1"


async def proxies(folder: Path, **settings: Any) -> dict[str, Finding]:
    """The findings, by their subject."""
    chosen = Settings.model_validate({"data_dir": folder, "no_proxy": "none", **settings})
    findings = await look(chosen, "proxies")
    assert "geheim" not in str(findings)
    assert all((one.remedy is None) is (one.state is State.OK) for one in findings)
    return {one.subject: one for one in findings}


async def test_without_proxies_every_host_is_reached_directly(tmp_path: Path) -> None:
    none = dict.fromkeys(("platform_proxy", "source_proxy", "webhook_proxy"), "none")
    (said,) = (await proxies(tmp_path, **none)).values()
    assert (said.state, said.fact) == (State.OK, "none: every host is reached directly")


async def test_a_proxy_is_asked_for_the_platforms_and_otherwise_greeted(
    tmp_path: Path, emulator: Emulator
) -> None:
    with ConnectProxy(user="user", password="geheim") as proxy:
        said = await proxies(
            tmp_path,
            emulator_url=emulator.url,
            platform_proxy=proxy.url,
            source_proxy=proxy.url,
            webhook_proxy="none",
        )
        at, there = f"127.0.0.1:{proxy.port}", emulator.url.removeprefix("http://")
        assert said["proxy for platforms"].fact == f"{at} connects to {there}"
        assert said["proxy for sources"].fact == f"{at} is there"
        assert said["proxy for webhooks"].fact == "none on this way"
        assert {one.state for one in said.values()} == {State.OK}
        assert proxy.asked == [there]


async def test_what_a_proxy_refuses_is_named(tmp_path: Path, emulator: Emulator) -> None:
    settings = {"emulator_url": emulator.url, "source_proxy": NOBODY, "webhook_proxy": "none"}
    for status, remedy in ((407, "user and password"), (403, "Let the proxy pass"), (502, "Start")):
        with ConnectProxy(status=status) as proxy:
            said = await proxies(tmp_path, platform_proxy=proxy.url, **settings)
        finding = said["proxy for platforms"]
        assert finding.state is State.FAILED
        assert f"the proxy answered {status} when asked for 127.0.0.1:" in finding.fact
        assert remedy in (finding.remedy or "")
        assert said["proxy for sources"].fact == "127.0.0.1:1: the proxy does not answer"
