"""Which caption format a text has, by its first cue or its header.

The formats are those of YouTube that can be told from any other text: SubRip, WebVTT, SubViewer,
Scenarist SCC, TTML and SAMI. XML is never parsed: its root element is looked for in the first
bytes, and a document type declaration, which could define entities, is refused.
"""

import codecs
import re

_HEAD = 4096
"""Characters within which the format is to be seen."""
_TIME = r"\d{1,3}:\d{2}:\d{2}"
_SUBRIP = re.compile(rf"(?:\d{{1,9}}[ \t]*\n)?{_TIME}[,.]\d{{1,3}} *--> *{_TIME}[,.]\d{{1,3}}\b")
_SUBVIEWER = re.compile(rf"{_TIME}\.\d{{1,3}},{_TIME}\.\d{{1,3}}\n")
_SCC = re.compile(r"Scenarist_SCC V1\.0\n")
_WEBVTT = re.compile(r"WEBVTT(?:[ \t][^\n]*)?(?:\n|\Z)")
_PROLOG = re.compile(r"(?:<\?xml\b[^>]{0,200}\?>)?\s{0,200}(?:<!--[^>]{0,1000}-->\s{0,200}){0,3}")
_TTML = re.compile(
    r"<(?:tt:)?tt\s[^>]{0,3000}?"
    r"xmlns(?::tt)?=[\"']http://www\.w3\.org/(?:ns/ttml|2006/(?:10|04)/ttaf1)[#\"']"
)
_SAMI = re.compile(r"<SAMI>", re.IGNORECASE)
_DECLARATION = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def recognise_captions(content: bytes) -> str | None:
    """The media type of a caption file in UTF-8, or in UTF-16 with its mark; else None. Pure."""
    text = _decoded(content)
    if text is None or _CONTROL.search(text):
        return None
    head = text[:_HEAD].lstrip().replace("\r\n", "\n").replace("\r", "\n")
    if _WEBVTT.match(head):
        return "text/vtt"
    if _SUBRIP.match(head):
        return "application/x-subrip"
    if _SUBVIEWER.match(head):
        return "text/x-subviewer"
    if _SCC.match(head):
        return "text/x-scc"
    return _xml(head, text)


def _xml(head: str, text: str) -> str | None:
    if not head.startswith("<") or _DECLARATION.search(text):
        return None
    prolog = _PROLOG.match(head)
    start = prolog.end() if prolog else 0
    if _TTML.match(head, start):
        return "application/ttml+xml"
    return "application/x-sami" if _SAMI.match(head, start) else None


def _decoded(content: bytes) -> str | None:
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None
