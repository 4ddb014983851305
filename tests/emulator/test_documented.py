"""Nothing the emulator does is undocumented, and nothing is documented that it does not do.

The code is read as it stands: which kinds of fault it carries out, which options and
switches it reads, which operations it serves.
"""

import ast
import html
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from chaos.faults import DECISIVE, PASSING
from emulator import controls, faults, switches
from emulator.faults import BadFault, Kind
from emulator.server import make_app, make_world
from testkit.emulator import ROOT, Emulator

WORLD = make_world()
PLATFORMS = list(WORLD.platforms.values())
TABLES = {ROOT / "emulator" / name for name in ("faults.py", "google/faults.py", "meta/faults.py")}


def declared(platform: Any) -> set[str]:
    return {kind.name for kind in (*faults.KINDS, *platform.kinds)}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield the names and the code of all modules but the tables of faults."""
    for path in sorted((ROOT / "emulator").rglob("*.py")):
        if path not in TABLES:
            name = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
            yield name, ast.parse(path.read_text())


def calls_of(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call of a method or function of this name, with its module."""
    for module, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func
                named = called.attr if isinstance(called, ast.Attribute) else None
                if name == (called.id if isinstance(called, ast.Name) else named):
                    yield module, node


def words_of(module: str, argument: ast.expr) -> set[str]:
    """Return the words of an argument, also of one that is a table of the module."""
    if isinstance(argument, ast.Starred) and isinstance(argument.value, ast.Name):
        return set(getattr(import_module(module), argument.value.id))
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return {argument.value}
    return set()


def platform_of(module: str) -> list[Any]:
    named = {"emulator.google": "youtube", "emulator.meta": "facebook"}
    found = [name for root, name in named.items() if module.startswith(root)]
    return [p for p in PLATFORMS if not found or p.name in found]


def literals(root: str) -> set[str]:
    return {
        node.value
        for module, tree in modules()
        if module.startswith(root)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_kind_that_the_code_carries_out_is_in_a_table() -> None:
    seen = set()
    for module, call in calls_of("suffers"):
        for argument in call.args:
            for kind in words_of(module, argument):
                seen.add(kind)
                assert any(kind in declared(p) for p in platform_of(module)), (module, kind)
    assert {"cut", "session_lost", "rate_limited", "graph_error"} <= seen


@pytest.mark.parametrize(
    ("root", "kinds"),
    [
        ("emulator", faults.KINDS),
        ("emulator.google", WORLD.platforms["youtube"].kinds),
        ("emulator.meta", WORLD.platforms["facebook"].kinds),
    ],
)
def test_every_kind_of_a_table_is_carried_out(root: str, kinds: tuple[Kind, ...]) -> None:
    known = literals(root) | literals("emulator.calls")
    assert [kind.name for kind in kinds if kind.name not in known] == []


def test_every_option_is_read_and_every_option_that_is_read_is_declared() -> None:
    read = {
        word
        for module, call in calls_of("option")
        for argument in call.args[:1]
        for word in words_of(module, argument)
    }
    kinds = [*faults.KINDS, *(kind for p in PLATFORMS for kind in p.kinds)]
    assert read == {option.field.name for kind in kinds for option in kind.options}


def test_every_operation_that_is_served_is_in_a_table() -> None:
    operations = set().union(*(p.operations for p in PLATFORMS))
    served = {
        word
        for name, place in (("serve", 0), ("route", 2), ("method", 0))
        for module, call in calls_of(name)
        if len(call.args) > place and module != "emulator.controls"
        for word in words_of(module, call.args[place])
    }
    assert "oauth.discovery" in served
    assert served - operations == set()


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: p.name)
def test_kinds_have_one_name_a_sentence_and_operations_that_exist(platform: Any) -> None:
    names = [kind.name for kind in (*faults.KINDS, *platform.kinds)]
    assert len(names) == len(set(names))
    for kind in platform.kinds:
        assert kind.does.endswith("."), kind.name
        for pattern in kind.on:
            known = [o for o in platform.operations if faults.matches((pattern,), o)]
            assert known, (kind.name, pattern)
        for option in kind.options:
            assert option.field.means.endswith(".")
            assert any(option.field in kind.fields(o) for o in platform.operations)


def test_every_switch_has_a_sentence_and_is_read() -> None:
    attributes = {
        node.attr
        for _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    }
    for part in (WORLD.switches, *(p.switches for p in PLATFORMS)):
        for name, shown in switches.document(part).items():
            assert shown["means"].endswith("."), name
            assert shown["type"] in ("boolean", "integer", "number")
            assert shown["default"] is not None
            assert name in attributes, name


def test_every_control_is_served_and_every_control_that_is_served_is_documented() -> None:
    served = {
        f"{route.method} {route.resource.canonical}"
        for route in make_app(make_world()).router.routes()
        if route.resource and route.resource.canonical.startswith(controls.ROOT)
    }
    help_pages = {
        f"{method} {controls.ROOT}{end}" for method in ("GET", "HEAD") for end in ("", "/")
    }
    documented = {control.name for control in controls.CONTROLS}
    assert {name for name in served - help_pages if not name.startswith("HEAD ")} == documented


def test_the_page_for_browsers_shows_what_the_json_shows(emulator: Emulator) -> None:
    shown = emulator.http.get("/_emulator/").json()
    answer = emulator.http.get("/_emulator/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.headers["content-type"].startswith("text/html")
    page = answer.text

    def names(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            for key in ("does", "means"):
                if key in part:
                    yield part[key]
            for name, inner in part.items():
                if isinstance(inner, dict):
                    yield name
                    yield from names(inner)

    def escaped(text: str) -> str:
        return html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")

    structure = {"controls", "faults", "switches", "platforms", "accounts", "body", "options"}
    missing = [n for n in names(shown) if n not in structure and escaped(n) not in page]
    assert missing == []


@pytest.mark.parametrize(
    ("order", "option"),
    [
        ({"operation": "videos.list", "kind": "cut", "after_bytes": 1}, "after_bytes"),
        ({"operation": "videos.insert.transfer", "kind": "cut", "status": 503}, "status"),
        ({"operation": "videos.insert.transfer", "kind": "lose_answer", "html": True}, "html"),
        ({"operation": "oauth.token.refresh", "kind": "unauthorized", "retry_after": 1}, "retry"),
        ({"operation": "videos.insert.start", "kind": "processing_stuck", "reason": "x"}, "reason"),
        ({"operation": "page_videos.transfer", "kind": "stall", "after_bytes": 1}, "after_bytes"),
        ({"operation": "reels.transfer", "kind": "cut", "final": True}, "final"),
        ({"operation": "videos.insert.status", "kind": "cut", "after_finish": True}, "after_f"),
    ],
)
def test_an_option_that_a_kind_does_not_use_is_refused(order: dict[str, Any], option: str) -> None:
    world = make_world()
    with pytest.raises(BadFault, match=f"has no option {option}"):
        world.order_fault(order)
    assert world.faults.orders == []


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"kind": "slow", "delay_seconds": "1"}, "delay_seconds takes a value of the type number"),
        ({"kind": "slow", "delay_seconds": True}, "delay_seconds takes a value"),
        ({"kind": "slow", "delay_seconds": -1}, "delay_seconds must be 0 or more"),
        ({"kind": "status", "status": 99}, "status must be 200 or more"),
        ({"kind": "status", "status": 600}, "status must be 599 or less"),
        ({"kind": "cut", "times": True}, "times takes a value of the type integer or null"),
        ({"kind": "cut", "owner": 1}, "owner takes a value of the type text"),
        ({"kind": ["cut"]}, "has no kind"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(order: dict[str, Any], words: str) -> None:
    with pytest.raises(BadFault, match=words):
        make_world().order_fault({"operation": "videos.list", **order})


def test_an_operation_that_is_no_text_is_refused() -> None:
    with pytest.raises(BadFault, match="There is no operation"):
        make_world().order_fault({"operation": [], "kind": "cut"})


def test_every_fault_of_the_chaos_run_is_accepted() -> None:
    world = make_world()
    for fault in (*PASSING, *DECISIVE):
        world.order_fault(fault)


@pytest.mark.parametrize(
    ("control", "body", "words"),
    [
        ("clients", {"client_id": "x", "secret": "y"}, "has no option secret"),
        ("clients", {"client_id": "x", "deleted": 1}, "deleted takes a value of the type boolean"),
        ("clock", {"advance_seconds": 1, "minutes": 1}, "has no option minutes"),
        ("outage", {"seconds": 0}, "seconds must be"),
        ("switches", {"final_status": 418}, "final_status takes one of: 200, 201"),
        ("accounts", {"email": "a@b.test", "pages": 2}, "has no option pages"),
        ("reset", {"everything": True}, "has no option everything"),
    ],
)
def test_a_control_refuses_what_it_does_not_take(
    emulator: Emulator, control: str, body: dict[str, Any], words: str
) -> None:
    answer = emulator.http.post(f"/_emulator/{control}", json=body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
