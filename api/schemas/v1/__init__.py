"""The shapes of `/api/v1`."""
