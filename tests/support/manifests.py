"""Files that name other files: playlists and manifests of every kind, around one address."""

_DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet '
    'mimeType="video/mp4"><Representation id="1"><BaseURL>{}</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>"
)
_HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"
_SMOOTH = (
    '<?xml version="1.0"?><smil xmlns="http://www.w3.org/2001/SMIL20/Language"><body><switch>'
    '<video src="{}" systemBitrate="1"><param name="trackID" value="1"/></video></switch></body>'
    "</smil>"
)
_XSPF = (
    '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track>'
    "<location>{}</location></track></trackList></playlist>"
)
_TEXTS = {
    "hls": _HLS,
    "dash": _DASH,
    "smooth": _SMOOTH,
    "xspf": _XSPF,
    "m3u": "{}\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nu={}\nm=video 1 RTP/AVP 96\n",
    "hls after a byte order mark": "\ufeff" + _HLS,
    "dash after a byte order mark": "\ufeff" + _DASH,
    "hls after white space": " \r\n\t" + _HLS,
    "dash after white space": " \r\n\t" + _DASH,
    "dash behind an mp4's first letters": "<!--ftyp-->" + _DASH,
    "dash behind a QuickTime's first letters": "<!--mdat\0-->" + _DASH,
    "dash behind a transport stream's sync bytes": "<!--G" + ("x" * 191 + "G") * 8 + "-->" + _DASH,
}
KINDS = tuple(_TEXTS)


def manifest(kind: str, place: str) -> bytes:
    return _TEXTS[kind].format(place).encode()
