"""Whether the process lives, and whether it can work."""

from typing import Literal

from api.schemas.base import Answer, example


class Alive(Answer):
    model_config = example(status="alive")

    status: str


class Part(Answer):
    model_config = example(
        state="warning",
        fact="does not answer; what the API accepts starts when it is back",
        remedy="Start Temporal, or correct CASTLINE_TEMPORAL_ADDRESS.",
    )

    state: Literal["ok", "skipped", "warning", "failed"]
    """`failed` makes the process not ready; `skipped`: there was nothing to check."""
    fact: str
    remedy: str | None
    """What to do; null when nothing is wrong."""


class Readiness(Answer):
    model_config = example(
        status="ready",
        parts={
            "database": {"state": "ok", "fact": "can be read and written", "remedy": None},
            "temporal": {
                "state": "warning",
                "fact": "does not answer; what the API accepts starts when it is back",
                "remedy": "Start Temporal, or correct CASTLINE_TEMPORAL_ADDRESS.",
            },
        },
    )

    status: Literal["ready", "not ready"]
    parts: dict[str, Part]
    """By name: `database`, `schema`, `disk`, `keySet`, `temporal`, `workers`."""
