"""Accounts of a platform, as a ticket speaks of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An account that the consent names and that cannot be published to, and why."""

    account_id: str
    name: str
    code: str
    sentence: str
