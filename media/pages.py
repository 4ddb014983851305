"""Recognises the web page that a share link leads to, where a file was expected."""

from urllib.parse import urlsplit

from domain.errors import SourceUnusable

_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_BLANK = b"\xef\xbb\xbf \t\r\n\f"
_BEGINNINGS = (b"<!doctype html", b"<html", b"<head", b"<title", b"<meta", b"<script", b"<body")
_ONEDRIVE = "for OneDrive the file's @microsoft.graph.downloadUrl"
_WETRANSFER = "WeTransfer has none, so upload the file instead"
_HELP = {
    "drive.google.com": "for Google Drive https://drive.usercontent.google.com/download?"
    "id=FILE_ID&export=download&confirm=t, of a file that anyone with the link may see",
    "dropbox.com": "for Dropbox the share link with dl=1 in place of dl=0",
    "onedrive.live.com": _ONEDRIVE,
    "1drv.ms": _ONEDRIVE,
    "sharepoint.com": "for SharePoint the share link with download=1 added to its query",
    "wetransfer.com": _WETRANSFER,
    "we.tl": _WETRANSFER,
}
"""By the host of the link, and of those below it."""


def is_page_type(content_type: str) -> bool:
    """True when a header Content-Type names a web page. Pure."""
    return content_type.partition(";")[0].strip().lower() in _TYPES


def looks_like_page(head: bytes) -> bool:
    """True when a file begins as a web page does. Pure."""
    return head[:1024].lstrip(_BLANK).lower().startswith(_BEGINNINGS)


def page_error(url: str, host: str) -> SourceUnusable:
    """What is raised when `url` led to a page, which `host` gave."""
    named = (urlsplit(url).hostname or "").lower()
    help_ = next((help_ for near in (named, host) if (help_ := _help(near))), "")
    return SourceUnusable(
        "source_is_a_page",
        f"{host} gave a web page instead of the file, as share links do. "
        f"Use a direct download link of the file{f': {help_}' if help_ else ''}.",
    )


def _help(host: str) -> str:
    return next(
        (help_ for name, help_ in _HELP.items() if host == name or host.endswith(f".{name}")), ""
    )
