"""Every outcome of the lifecycles, by the name of the file that holds its history."""

from tests.replay.ways import assignments, connections, deliveries, doubts, tickets, waits

OUTCOMES = (
    tickets.OUTCOMES
    | assignments.OUTCOMES
    | waits.OUTCOMES
    | doubts.OUTCOMES
    | connections.OUTCOMES
    | deliveries.OUTCOMES
)

STATES = {name: outcome.states for name, outcome in OUTCOMES.items()}
"""The states that a workflow showed on its way to each."""
