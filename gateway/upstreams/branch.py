"""Where requests for applications leave the way of all others: neither compressed, nor limited in length or time."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.admission.admission import Admission
from gateway.http.admission import AdmissionMiddleware
from gateway.http.cross_origin import refusal_headers
from gateway.http.load_shedding import APPLICATIONS
from gateway.http.middleware import ClientDisconnectMiddleware, ErrorBoundaryMiddleware


class UpstreamMiddleware:
    """Passes what is below /app/ to the applications. Their answers are theirs: no header of the gateway's is added."""

    def __init__(self, app: ASGIApp, upstreams: ASGIApp, admission: Admission, cors_origins: Sequence[str]) -> None:
        """Wrap `app`, which answers everything else. Pages of `cors_origins` may read the gateway's own problems."""
        self.app = app
        watched = ClientDisconnectMiddleware(upstreams, applies=lambda _: True)
        admitted = AdmissionMiddleware(watched, admission, adds_headers=False)
        self.upstreams = ErrorBoundaryMiddleware(
            admitted, headers_of=lambda scope: refusal_headers(cors_origins, scope["headers"])
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_of_an_application = scope["type"] == "http" and scope["path"].startswith(APPLICATIONS)
        await (self.upstreams if is_of_an_application else self.app)(scope, receive, send)
