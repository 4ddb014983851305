"""YouTube: Google's OAuth, the Data API through its official client, resumable uploads.

`YouTube` is the adapter; everything else here is its parts. What the platform really
does, and how that is known, is in the facts named by the docstrings.
"""

from platforms.youtube.adapter import YouTube
from platforms.youtube.api import GoogleApp

__all__ = ["GoogleApp", "YouTube"]
