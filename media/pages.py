"""Recognises the web page that a share link leads to, where a file was expected."""

from urllib.parse import urlsplit

from domain.errors import SourceUnusable

_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_BLANK = b"\xef\xbb\xbf \t\r\n\f"
_BEGINNINGS = (b"<!doctype html", b"<html", b"<head", b"<title", b"<meta", b"<script", b"<body")
_DIRECT = "Use the address of the file itself, as a direct download has it"
_HELP = {
    "drive.google.com": "Google Drive's is https://drive.usercontent.google.com/download?"
    "id=FILE_ID&export=download&confirm=t, for a file that anyone with the link may see",
    "dropbox.com": "a Dropbox link becomes it with dl=1 in place of dl=0",
    "onedrive.live.com": "OneDrive's is the @microsoft.graph.downloadUrl of the file",
    "1drv.ms": "OneDrive's is the @microsoft.graph.downloadUrl of the file",
    "sharepoint.com": "a SharePoint link becomes it with download=1 added to its query",
    "wetransfer.com": "WeTransfer has none that lasts, so upload the file instead",
    "we.tl": "WeTransfer has none that lasts, so upload the file instead",
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
        f"{host} gives a web page and not the file, as share links do. "
        f"{_DIRECT}{f': {help_}' if help_ else ''}.",
    )


def _help(host: str) -> str:
    return next(
        (help_ for name, help_ in _HELP.items() if host == name or host.endswith(f".{name}")), ""
    )
