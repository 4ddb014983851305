"""Every outcome of the lifecycles, by the name of the file that holds its history."""

from tests.replay.ways import assignments, connections, deliveries, doubts, repairs, tickets, waits

OUTCOMES = (
    tickets.OUTCOMES
    | assignments.OUTCOMES
    | waits.OUTCOMES
    | doubts.OUTCOMES
    | connections.OUTCOMES
    | deliveries.OUTCOMES
    | repairs.OUTCOMES
)

EARLIER: dict[str, list[str]] = {
    "ticket-releases": ["open", "consenting", "connecting", "connected"],
    "assignment-published-after-connection": [
        "uploading",
        "waiting",
        "uploading",
        "processing",
        "published",
    ],
}
"""The states of what was recorded when a ticket itself woke what was parked, and a recovery was
not written down. Nobody can record it again; what began in that way must go on."""

STATES = EARLIER | {name: outcome.states for name, outcome in OUTCOMES.items()}
"""The states that a workflow showed on its way to each."""
