"""One line per record, with the ids and without the libraries' addresses."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.logs import JsonLines, TextLines

ROOT = Path(__file__).parents[2]


def record(message: str, **extra: object) -> logging.LogRecord:
    return logging.getLogger("castline.test").makeRecord(
        "castline.test", logging.WARNING, "file", 1, message, (), None, extra=extra
    )


def test_text_is_one_line_with_the_ids() -> None:
    about = {"workflow_id": "assignment/asg_1", "activity_type": "transfer", "attempt": 2}
    line = TextLines().format(record("half\nway", temporal_activity=about))
    assert "\n" not in line
    assert line.endswith("half\\nway  workflow=assignment/asg_1  activity=transfer  attempt=2")


def test_json_holds_the_same_and_a_traceback_inside() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        plain = record("it broke", temporal_workflow={"workflow_id": "ticket/tkt_1"})
        plain.exc_info = sys.exc_info()
    text = JsonLines().format(plain)
    entry = json.loads(text)
    assert "\n" not in text
    assert (entry["message"], entry["workflow"]) == ("it broke", "ticket/tkt_1")
    assert "ValueError: broken" in entry["trace"]


@pytest.mark.parametrize("form", ["false", "true"])
def test_the_requests_of_libraries_are_not_logged(form: str) -> None:
    code = """
import logging
from runtime.logs import set_up_logging
from runtime.settings import Settings
set_up_logging(Settings())
logging.getLogger("httpx2").info("GET https://example.test/?code=4/secret")
logging.getLogger("castline").info("kept")
"""
    out = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"CASTLINE_LOG_JSON": form, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "secret" not in out.stderr
    assert "kept" in out.stderr
    assert out.stderr.count("\n") == 1


def test_a_foreign_text_makes_no_second_record_and_steers_nothing() -> None:
    title = "x\n2026-11-30T04:44:17.000Z INFO    castline: all is well\x1b[2J\x9b2J\u202e\u2028\x7f"
    try:
        raise ValueError(title)
    except ValueError:
        failed = record("%s", temporal_workflow={"workflow_id": "asg\n1"})
        failed.args = (title,)
        failed.exc_info = sys.exc_info()
    first, *trace = TextLines().format(failed).split("\n")
    assert first.endswith(r"all is well\x1b[2J\x9b2J\u202e\u2028\x7f  workflow=asg\n1")
    assert all(line.startswith("    ") for line in trace)
    text = JsonLines().format(failed)
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text)["message"] == title
