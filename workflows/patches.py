"""Changes that work may have begun before, by the names under which its history knows them.

A name is asked for with `workflow.patched` at the place that changed, and is never used for
another change: what began before replays as it was, what begins now does it the new way.
"""

RECONNECTION = "reconnection"
"""A step can be parked, and a recovery is written to the row."""

DISCONNECTION = "disconnection"
"""A disconnection ends a standstill; workers could be told of it before they could hear it."""

DOUBT = "doubt"
"""A person may force what is unconfirmed, and a cancel is answered while the outcome is unclear."""

INTERRUPTION = "interruption"
"""A worker that has ended parks nothing, unless one after the other does."""
