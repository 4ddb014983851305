"""Facebook Pages: Meta's login, the Graph API, chunked videos and Reels.

`Facebook` is the adapter; everything else here is its parts. What the platform really
does, and how that is known, is in the facts named by the docstrings.
"""

from platforms.facebook.adapter import Facebook
from platforms.facebook.graph import MetaApp

__all__ = ["Facebook", "MetaApp"]
