"""Logging of every process: one line per record, with the ids that it is about.

Text for a person or JSON for a collector; both carry the workflow, the activity and the
attempt where Temporal knows them. What others wrote (a title, a platform's sentence) can neither
begin a line nor steer the terminal that shows it. Libraries that write addresses with their
queries into their log lines (which may hold codes and session handles) are kept to warnings.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from domain.display import escape, escape_lines
from runtime.settings import Settings

_QUIET = (
    "alembic",
    "httpx2",
    "httpcore2",
    "urllib3",
    "google",
    "googleapiclient",
    "uvicorn.access",
)

_IDS = {
    "workflow_id": "workflow",
    "activity_type": "activity",
    "attempt": "attempt",
}


def set_up_logging(settings: Settings) -> None:
    """Send all records to standard error. Replaces what was set up before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_json else TextLines())
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Temporal would repeat its ids inside each message.
    _leave_messages_alone()


class TextLines(logging.Formatter):
    """`12:30:01.250 INFO    castline.worker: message  workflow=… attempt=2`."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        ids = "".join(f"  {name}={value}" for name, value in _ids_of(record).items())
        line = f"{moment}Z {record.levelname:<7} {record.name}: {record.getMessage()}{ids}"
        # Indented, so that no line of a message within begins like a record.
        trace = [f"    {line}" for line in escape_lines(_trace_of(self, record)) if line]
        return "\n".join([escape(line), *trace])


class JsonLines(logging.Formatter):
    """The same as one JSON object; a traceback is one of its strings."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_ids_of(record),
        }
        if trace := _trace_of(self, record):
            entry["trace"] = trace
        # `json` escapes all but printable ASCII: a terminal obeys some of the rest.
        return json.dumps(entry, default=str)


def _ids_of(record: logging.LogRecord) -> dict[str, Any]:
    extra = {
        **record.__dict__.get("temporal_workflow", {}),
        **record.__dict__.get("temporal_activity", {}),
    }
    return {name: extra[key] for key, name in _IDS.items() if key in extra}


def _trace_of(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info else ""


def _leave_messages_alone() -> None:
    from temporalio import activity, workflow

    activity.logger.activity_info_on_message = False
    workflow.logger.workflow_info_on_message = False
