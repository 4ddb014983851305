"""Whether the process lives, and whether it can work."""

from api.schemas.base import Answer, example


class Alive(Answer):
    model_config = example(status="alive")

    status: str


class Readiness(Answer):
    model_config = example(
        status="not ready",
        parts={"database": "ok", "migrations": "ok", "temporal": "unreachable"},
    )

    status: str
    parts: dict[str, str]
