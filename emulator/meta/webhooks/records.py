"""What is remembered of subscriptions and of the calls that came of them."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Subscription:
    """Where an app wants to be called, and about which fields of Pages."""

    callback_url: str
    fields: list[str]


@dataclass(slots=True)
class Installation:
    """An app on a Page: the fields it wants, and since when."""

    fields: list[str]
    since: float


@dataclass(slots=True)
class Delivery:
    """One change and the calls about it; `status` is of the last one, 0 where none answered."""

    app: str
    page: str
    video: str
    field: str
    attempts: int = 0
    status: int = 0
    delivered: bool = False


@dataclass(slots=True)
class Hooks:
    """All of it: subscriptions by app, installations by Page and app, deliveries by change."""

    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    pages: dict[str, dict[str, Installation]] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
