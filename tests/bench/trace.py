"""One trace as a picture: `make plot-trace` draws docs/images/trace.svg from the spans of real processes.

A client writes a document through the Data API and searches for it through the Edge Function, both in one trace. A
collector on this machine keeps what gateway and worker send. The client's own bars are what it measured itself.
"""

import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import httpx2

from gateway.local.paths import REPOSITORY
from tests.support import ScratchCluster
from tests.support.fake_collector import FakeCollector, KeptSpan
from tests.support.stack import Stack
from tests.support.waiting import wait_until

PICTURE = REPOSITORY / "docs" / "images" / "trace.svg"
CONTENT = "The harbour pilot meets every ship at the lantern, and takes it in when the tide is high enough."
WARM_UPS, WARM_UP, QUERY = 20, "where ships are built", "who brings a ship into the port"
PARTS = ("plan", "meaning", "words", "fusion", "snippets")
WIDTH, LABELS, ROW, TOP = 800, 250, 19, 30
NEW_LINE = "\n  "
LEGEND = {
    "client": "measured by the client",
    "gateway": "spans of the gateway",
    "postgresql": "by PostgreSQL's clock",
    "worker": "the worker's, linked",
}
STYLE = """
    svg { font-family: ui-sans-serif, system-ui, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 12px; }
    .page { fill: #ffffff; } text { fill: #17212b; } .time { fill: #44525f; } .title { font-weight: 600; }
    .client { fill: #8a97a6; } .gateway { fill: #2a7f6f; } .postgresql { fill: #3c62a8; } .worker { fill: #b5651d; }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117; } text { fill: #f0f4f8; } .time { fill: #b4c0cc; }
      .client { fill: #6b7888; } .gateway { fill: #4fb3a0; } .postgresql { fill: #7096dd; } .worker { fill: #e0a060; }
    }
"""


@dataclass(frozen=True)
class Bar:
    """A row of the picture: what was done, by whom, from when to when."""

    name: str
    whose: str
    depth: int
    began_ns: int
    ended_ns: int


class Client:
    """Asks in one trace, and measures how long it waits."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.trace_id = secrets.token_hex(16)
        token = stack.sign_up("jane@example.org")["access_token"]
        self._headers = {"apikey": stack.keys.publishable_key, "authorization": f"Bearer {token}"}

    def ask(self, name: str, path: str, trace_id: str, **body: Any) -> Bar:
        """The bar of a request."""
        headers = {**self._headers, "traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
        began = time.time_ns()
        answer = httpx2.post(
            f"{self._stack.supabase_url}{path}", json=body, headers=headers, timeout=60, trust_env=False
        )
        answer.raise_for_status()
        return Bar(name, "client", 0, began, time.time_ns())


def below(spans: Sequence[KeptSpan], parent_id: str, depth: int) -> Iterator[Bar]:
    """Rows of the spans below one, in order."""
    for span in sorted(spans, key=lambda span: span.began_ns):
        if span.parent_id == parent_id:
            whose = "postgresql" if span.name in PARTS else span.service.removeprefix("tidegate-")
            yield Bar(span.name, whose, depth, span.began_ns, span.ended_ns)
            yield from below(spans, span.span_id, depth + 1)


def roots(spans: Sequence[KeptSpan], depth: int) -> Iterator[Bar]:
    """Rows of all spans of some traces."""
    known = {span.span_id for span in spans}
    for parent in dict.fromkeys(span.parent_id for span in spans if span.parent_id not in known):
        yield from below(spans, parent, depth)


def record(stack: Stack, collector: FakeCollector) -> list[tuple[str, list[Bar]]]:
    """The rows of both halves of the trace, by title."""
    stack.start_api()
    stack.start_gateway(**collector.environment)
    client = Client(stack)
    stack.start_worker(**collector.environment)
    other = secrets.token_hex(16)
    # What is only done once: models are loaded, connections opened, functions compiled.
    client.ask("", "/rest/v1/documents", other, title="Slipway", content="Ships are built on the slipway.")
    collector.wait_for_any("write_chunks", other)
    for number in range(WARM_UPS):
        client.ask("", "/functions/v1/search", other, query=f"{WARM_UP} {number}")

    written = client.ask(
        "POST /rest/v1/documents", "/rest/v1/documents", client.trace_id, title="Pilot", content=CONTENT
    )
    collector.wait_for_any("write_chunks", client.trace_id)
    found = client.ask("POST /functions/v1/search", "/functions/v1/search", client.trace_id, query=QUERY)
    wait_until(
        lambda: (
            {"POST /v1/search", *PARTS} <= {span.name for span in collector.spans if span.trace_id == client.trace_id}
        ),
        "the spans of the search",
    )
    spans = collector.spans
    work = {span.trace_id for span in spans if client.trace_id in span.linked}
    of_worker = [span for span in spans if span.trace_id in work and span.began_ns > written.began_ns]
    of_search = [span for span in spans if span.trace_id == client.trace_id]
    return [
        ("A document is written, and embedded by the worker", [written, *roots(of_worker, 1)]),
        ("It is searched for, in the same trace", [found, *roots(of_search, 1)]),
    ]


def draw(halves: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """The picture, as SVG."""
    shapes: list[str] = []
    at = TOP
    for title, bars in halves:
        began, ended = min(bar.began_ns for bar in bars), max(bar.ended_ns for bar in bars)
        shapes.append(f'<text class="title" x="16" y="{at}">{escape(title)}: {_ms(ended - began)}</text>')
        for bar in bars:
            at += ROW
            shapes += _row(bar, at, began, (WIDTH - LABELS - 80) / (ended - began))
        at += 2 * ROW
    for number, (whose, told) in enumerate(LEGEND.items()):
        x = 16 + 195 * number
        shapes.append(f'<rect class="{whose}" x="{x}" y="{at - 10}" width="12" height="12" rx="2" />')
        shapes.append(f'<text x="{x + 18}" y="{at}">{told}</text>')
    height = at + 16
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">
  <title>One trace, from the client to PostgreSQL and the worker</title>
  <style>{STYLE}  </style>
  <rect class="page" width="{WIDTH}" height="{height}" rx="8" />
  {NEW_LINE.join(shapes)}
</svg>
"""


def _row(bar: Bar, at: int, began_ns: int, scale: float) -> Iterator[str]:
    """Name, bar and duration, at this height."""
    left, right = (LABELS + scale * (time_ns - began_ns) for time_ns in (bar.began_ns, bar.ended_ns))
    size = f'width="{max(1.5, right - left):.1f}" height="12" rx="2"'
    yield f'<text x="{16 + 14 * bar.depth}" y="{at + 4}">{escape(bar.name)}</text>'
    yield f'<rect class="{bar.whose}" x="{left:.1f}" y="{at - 6}" {size} />'
    yield f'<text class="time" x="{right + 5:.1f}" y="{at + 4}">{_ms(bar.ended_ns - bar.began_ns)}</text>'


def _ms(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e6:.2f} ms"


def main() -> None:
    """Record a trace, and draw it."""
    with tempfile.TemporaryDirectory() as folder, FakeCollector().running() as collector:
        cluster = ScratchCluster(Path(folder))
        try:
            cluster.start()
            stack = Stack(cluster.build_template(), Path(folder), Path(folder))
            try:
                halves = record(stack, collector)
            finally:
                stack.stop()
        finally:
            cluster.stop()
    PICTURE.write_text(draw(halves), encoding="utf-8")


if __name__ == "__main__":
    main()
