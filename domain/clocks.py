"""How far clocks may differ."""

from datetime import timedelta

CLOCK_MARGIN = timedelta(hours=1)
"""How far a platform's clock, or another machine's of ours, may be behind this one."""
