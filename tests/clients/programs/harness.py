"""What a client's program tells the session that runs it, and what it is given.

Standard library only: it is imported in an environment that has one client and nothing else.
"""

import os
import threading
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

CLIENT_ID = os.environ["CLIENT_ID"]
CLIENT_SECRET = os.environ["CLIENT_SECRET"]
FILE = Path(os.environ["FILE"])
"""The video to upload."""
REDIRECT = os.environ["REDIRECT"]
"""A redirect URI where nothing listens: `open_browser` returns what it would have received."""
APP = os.environ["APP"]
"""The origin of a web application of the program's own."""

UPLOAD = "https://www.googleapis.com/auth/youtube.upload"
READ = "https://www.googleapis.com/auth/youtube.readonly"
EMAIL = "https://www.googleapis.com/auth/userinfo.email"
PROFILE = "https://www.googleapis.com/auth/userinfo.profile"
PAGE_SCOPES = ["pages_show_list", "pages_read_engagement", "pages_manage_posts"]


def open_browser(url: str) -> str:
    """Let a person go through the pages at this address; return the address of the last one."""
    print(f"OPEN {url}", flush=True)
    return input()


def logged_in(name: str) -> None:
    print(f"LOGGED_IN {name}", flush=True)


def uploaded(video_id: str) -> None:
    print(f"UPLOADED {video_id}", flush=True)


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(app: Any) -> None:
    """Serve a WSGI application at `APP`, beside the program."""
    server = make_server("127.0.0.1", int(APP.rpartition(":")[2]), app, handler_class=_Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
