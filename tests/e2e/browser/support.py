"""A headless Chromium, a web server whose pages it opens, and what it sent and was refused."""

import json
import mimetypes
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import deno
from playwright.sync_api import Page, Request

from gateway.local.paths import REPOSITORY
from tests.support.waiting import PATIENCE_S

CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
NO_CHROMIUM = "no Chromium: install one (sudo apt-get install chromium), or name it with CHROMIUM"
FLAGS = (
    # Root has no sandbox, and containers have no GPU. The rest keeps it from calling home.
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PATIENCE_MS = 1000 * PATIENCE_S
DENO_CONFIG = REPOSITORY / "supabase" / "local" / "deno.json"
SDK = "@supabase/supabase-js"


@cache
def sdk_version() -> str:
    """The version of supabase-js that the project is tested with."""
    pinned: str = json.loads(DENO_CONFIG.read_text(encoding="utf-8"))["imports"][SDK]
    return pinned.rpartition("@")[2]


@cache
def sdk_file() -> bytes:
    """The browser build in the package of that version, which CDNs serve."""
    information = json.loads(_deno("info", "--json"))
    (package,) = Path(information["npmCache"]).glob(f"*/{SDK}/{sdk_version()}")
    return (package / "dist" / "umd" / "supabase.js").read_bytes()


def bundle(script: Path, into: Path) -> bytes:
    """A script and all that it imports as one file, as the build of an application makes it."""
    target = into / f"{script.stem}.js"
    _deno("bundle", "--quiet", "--config", str(DENO_CONFIG), "--platform", "browser", "-o", str(target), str(script))
    return target.read_bytes()


def _deno(*arguments: str) -> str:
    done = subprocess.run([deno.find_deno_bin(), *arguments], capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def site(files: Mapping[str, bytes]) -> Iterator[str]:
    """Serve files by their paths on an origin of its own: neither the port nor the host is that of an API."""

    class Handler(BaseHTTPRequestHandler):
        """Answers with the files."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            name = f"{path}index.html" if path.endswith("/") else path
            body = files.get(name)
            self.send_response(404 if body is None else 200)
            self.send_header("content-type", mimetypes.guess_type(name)[0] or "text/plain")
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://localhost:{server.server_address[1]}"
        finally:
            server.shutdown()


class Traffic:
    """What a page has sent elsewhere, and what its browser or its scripts complained of."""

    def __init__(self, page: Page) -> None:
        self.requests: list[Request] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request))  # noqa: PLW0108  a builtin cannot be marked
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._heard(message.type, message.text))

    def _heard(self, kind: str, text: str) -> None:
        # A refusal is logged as a failed resource; a test reads it. What CORS forbids cannot be read.
        if kind in {"error", "warning"} and "the server responded with a status of" not in text:
            self.complaints.append(text)

    def sent_to(self, url: str) -> Iterator[tuple[str, str, dict[str, str]]]:
        """Method, path and headers of each request to the server at `url`."""
        for request in self.requests:
            if request.url.startswith(f"{url}/"):
                yield request.method, urlsplit(request.url).path, request.headers


def evaluate(page: Page, script: str, **names: Any) -> Any:
    """Run the body of an asynchronous function in the page, with these names; what it returns."""
    return page.evaluate(f"async ({{ {', '.join(names)} }}) => {{ {script} }}", names)
