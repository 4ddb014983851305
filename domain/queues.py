"""Task queues: what the workflows send activities to and the worker takes them from.

Three, so that neither a bulk of long transfers nor receivers that do not answer ever keep a
consent or a cancel waiting.
"""

WORKFLOW_QUEUE = "castline"
"""Workflows and short activities."""

TRANSFER_QUEUE = "castline-transfer"
"""Byte movers: few slots, sized by bandwidth."""

DELIVERY_QUEUE = "castline-delivery"
"""Webhooks: many slots, each of which a stranger's server may hold for ten seconds."""
