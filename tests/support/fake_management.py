"""A Supabase Management API with one live project, as far as `supabase config push` asks it."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

REF = "abcdefghijklmnopqrst"
_PROJECT = {
    "id": REF,
    "ref": REF,
    "name": "live",
    "organization_id": "live",
    "organization_slug": "live",
    "region": "eu-central-1",
    "created_at": "2026-01-01T00:00:00Z",
    "status": "ACTIVE_HEALTHY",
    "database": {"host": "db.live", "version": "17.1", "postgres_engine": "17", "release_channel": "ga"},
}
# Settings of the Data API that an answer has to name, at "as the platform has it".
_POOL = dict.fromkeys(
    ("db_pool", "db_pool_acquisition_timeout", "db_pool_max_lifetime", "db_pool_max_idletime"),
)
_SERVICES = {"/config/auth": "auth", "/postgrest": "api", "/config/storage": "storage"}


class LiveProject:
    """The configuration of a project by service, which pushes change; `profile` is what the CLI's `--profile` takes."""

    def __init__(self, services: Mapping[str, Mapping[str, Any]]) -> None:
        self.services = {name: dict(values) for name, values in services.items()}
        self.pushed: list[tuple[str, dict[str, Any]]] = []

    @contextmanager
    def served(self, directory: Path) -> Iterator[Path]:
        """Answer on a free port; the file that names it."""
        project = self

        class Handler(BaseHTTPRequestHandler):
            """Answers for the project."""

            def do_GET(self) -> None:
                self._say(project.read(self.path.partition("?")[0]))

            def do_PATCH(self) -> None:
                sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
                self._say(project.change(self.path, sent))

            do_PUT = do_PATCH  # noqa: N815  http.server's name

            def _say(self, answer: object) -> None:
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_address[1]}"
            profile = directory / "profile.yaml"
            names = ("api_url", "dashboard_url", "docs_url")
            profile.write_text("\n".join(["name: fake", "project_host: 127.0.0.1", *(f"{n}: {url}" for n in names)]))
            yield profile
            server.shutdown()

    def read(self, path: str) -> object:
        """What a GET answers."""
        if path.startswith("/v2/"):
            return {"data": {"id": REF, "type": "project_config", "attributes": self.services}}
        if path.endswith("/billing/addons"):
            return {"selected_addons": [], "available_addons": []}
        return _PROJECT

    def change(self, path: str, sent: dict[str, Any]) -> object:
        """What a change answers; it is kept, and done."""
        service = _SERVICES[path.rpartition(REF)[2]]
        self.pushed.append((service, sent))
        self.services[service] |= sent
        return (_POOL if service == "api" else {}) | self.services[service]
