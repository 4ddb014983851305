"""What programs log is read: their own errors are findings, probes that ended are counted."""

from pathlib import Path

from fuzz.running import Outcome, read_logs

API = """\
2026-11-29T23:46:55.426Z WARNING castline.probe: a probe was ended: its time was over
2026-11-29T23:46:56.426Z WARNING castline.probe: a probe was ended: its time was over
2026-11-29T23:46:57.426Z WARNING castline.probe: a probe was ended: it ended, status 3
2026-11-29T23:46:58.000Z ERROR   castline.api: POST /api/v1/videos failed: ValueError in a.py:12
"""
WORKER = """\
2026-11-29T23:58:09.895Z WARNING temporalio.activity: Completing activity as failed
Traceback (most recent call last):
temporalio.exceptions.ApplicationError: refused: the file is not there.
2026-11-29T23:58:10.895Z ERROR   temporalio.activity: unexpected KeyError in an activity
2026-11-29T23:58:11.895Z ERROR   temporalio.activity: unexpected KeyError in an activity
"""


def test_errors_of_the_programs_are_findings_and_probes_that_ended_are_counted(
    tmp_path: Path,
) -> None:
    (tmp_path / "api.log").write_text(API)
    (tmp_path / "worker-1.log").write_text(WORKER)
    outcome = Outcome()
    read_logs(tmp_path, outcome)
    assert outcome.probes_stopped == {"its time was over": 2, "it ended, status 3": 1}
    in_api, in_worker = outcome.answers.findings.items()
    assert "castline.api: POST /api/v1/videos failed: ValueError" in in_api[0]
    assert "unexpected KeyError in an activity" in in_worker[0]
    assert (in_api[1], in_worker[1]) == (1, 2)
