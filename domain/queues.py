"""Task queues: what the workflows send activities to and the worker takes them from.

Two, so that a bulk of long transfers never keeps a consent or a cancel waiting.
"""

WORKFLOW_QUEUE = "castline"
"""Workflows and short activities."""

TRANSFER_QUEUE = "castline-transfer"
"""Byte movers: few slots, sized by bandwidth."""
