"""From a video to its publication."""
