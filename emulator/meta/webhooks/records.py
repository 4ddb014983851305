"""State of webhooks: subscriptions, installations, deliveries."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Subscription:
    """An app's callback URL and its fields of the object `page`."""

    callback_url: str
    fields: list[str]


@dataclass(slots=True)
class Installation:
    """An app that a Page is subscribed to: the fields, and since when (Unix seconds)."""

    fields: list[str]
    since: float


@dataclass(slots=True)
class Delivery:
    """The delivery of one change. `status` is the last HTTP status, 0 without a response."""

    app: str
    page: str
    video: str
    field: str
    attempts: int = 0
    status: int = 0
    delivered: bool = False


@dataclass(slots=True)
class Hooks:
    """Subscriptions by app, installations by Page and app, finished deliveries by change."""

    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    pages: dict[str, dict[str, Installation]] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
