"""Task queues: what the workflows send activities to and the worker takes them from.

One for each kind of work, each with its own slots and threads, so that no kind keeps another one
waiting. Within a queue each workspace has a share: see `domain.shares`.
"""

WORKFLOW_QUEUE = "castline"
"""Workflows and short activities of our own database."""

CONSENT_QUEUE = "castline-consent"
"""The exchange of a code: a person waits for it in a browser."""

STEP_QUEUE = "castline-steps"
"""Thumbnails, captions and playlists: they read foreign sources."""

POLL_QUEUE = "castline-poll"
"""Short questions to a platform: what became of a video or of an upload."""

TRANSFER_QUEUE = "castline-transfer"
"""Byte movers: few slots, sized by bandwidth."""

SLOW_TRANSFER_QUEUE = "castline-slow"
"""Transfers whose source is slow: many slots, none of which uses much bandwidth."""

DELIVERY_QUEUE = "castline-delivery"
"""Webhooks: many slots, each of which a foreign server may hold for ten seconds."""

ACTIVITY_QUEUES = (
    WORKFLOW_QUEUE,
    CONSENT_QUEUE,
    STEP_QUEUE,
    POLL_QUEUE,
    TRANSFER_QUEUE,
    SLOW_TRANSFER_QUEUE,
    DELIVERY_QUEUE,
)
"""Every queue that a whole worker polls for activities."""
