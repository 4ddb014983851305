"""The three buckets a project has per day, and the limit a channel has.

Uploads and searches are counted by themselves, 100 a day each, everything else in units, 10,000
a day; all are full again at midnight in California, whatever the season there (facts: YouTube
section 2.3). The limit per channel runs over 24 hours and is nobody's published number.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from emulator.clock import Clock
from emulator.google import errors
from emulator.google.switches import Switches

PACIFIC = ZoneInfo("America/Los_Angeles")
CHANNEL_WINDOW = 86400

UNITS = {
    "videos.list": 1,
    "videos.update": 50,
    "videos.delete": 50,
    "channels.list": 1,
    "thumbnails.set": 50,
    "captions.insert": 400,
    "captions.list": 50,
    "captions.update": 450,
    "captions.delete": 50,
    "playlistItems.insert": 50,
    "playlistItems.list": 1,
    "playlistItems.update": 50,
    "playlistItems.delete": 50,
    "playlists.insert": 50,
    "playlists.list": 1,
    "playlists.update": 50,
    "playlists.delete": 50,
    "videoCategories.list": 1,
}
UPLOADS, SEARCHES = "Video Uploads", "Search Queries"
"""What Google's message calls the buckets; that of searches is inferred from that of uploads."""


@dataclass(slots=True)
class Quota:
    """What was used on one day in California, and when each channel uploaded."""

    day: str = ""
    uploads: int = 0
    searches: int = 0
    units: int = 0
    channels: dict[str, list[float]] = field(default_factory=dict)


@dataclass(slots=True)
class Meter:
    """Charges calls and refuses those that find a bucket empty."""

    clock: Clock
    switches: Switches
    quota: Quota

    def charge(self, method: str) -> None:
        """Charge a call its units, also if it fails later."""
        self._turn_day()
        if method == "search.list":
            self._charge_search()
            return
        units = UNITS[method]
        if self.quota.units + units > self.switches.units_per_day:
            raise errors.quota_exceeded()
        self.quota.units += units

    def charge_upload(self) -> None:
        """Charge one upload of the project."""
        self._turn_day()
        if self.quota.uploads >= self.switches.uploads_per_day:
            if self.switches.upload_bucket_status == 403:
                raise errors.quota_exceeded()
            raise errors.calls_per_day_exceeded(UPLOADS)
        self.quota.uploads += 1

    def _charge_search(self) -> None:
        if self.quota.searches >= self.switches.searches_per_day:
            raise errors.calls_per_day_exceeded(SEARCHES)
        self.quota.searches += 1

    def check_channel(self, channel: str) -> None:
        """Refuse where a channel has uploaded enough for 24 hours."""
        if len(self._recent(channel)) >= self.switches.channel_uploads_per_day:
            raise errors.upload_limit()

    def note_upload(self, channel: str) -> None:
        """Remember a finished upload of a channel."""
        self.quota.channels[channel] = [*self._recent(channel), self.clock.now()]

    def describe(self) -> dict[str, object]:
        """Show both buckets."""
        self._turn_day()
        return {
            "day": self.quota.day,
            "uploads_used": self.quota.uploads,
            "uploads_per_day": self.switches.uploads_per_day,
            "searches_used": self.quota.searches,
            "searches_per_day": self.switches.searches_per_day,
            "units_used": self.quota.units,
            "units_per_day": self.switches.units_per_day,
        }

    def _recent(self, channel: str) -> list[float]:
        since = self.clock.now() - CHANNEL_WINDOW
        return [moment for moment in self.quota.channels.get(channel, []) if moment > since]

    def _turn_day(self) -> None:
        today = datetime.fromtimestamp(self.clock.now(), UTC).astimezone(PACIFIC).date().isoformat()
        if self.quota.day != today:
            self.quota.day = today
            self.quota.uploads = self.quota.searches = self.quota.units = 0
