"""Where requests for applications leave the way of all others: neither compressed, nor limited in length or time."""

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.admission.admission import Admission
from gateway.http.admission import AdmissionMiddleware
from gateway.http.load_shedding import APPLICATIONS
from gateway.http.middleware import ClientDisconnectMiddleware, ErrorBoundaryMiddleware


class UpstreamMiddleware:
    """Passes what is below /app/ to the applications. Their answers are theirs: no header of the gateway's is added."""

    def __init__(self, app: ASGIApp, upstreams: ASGIApp, admission: Admission) -> None:
        """Wrap `app`, which answers everything else."""
        self.app = app
        watched = ClientDisconnectMiddleware(upstreams, applies=lambda _: True)
        self.upstreams = ErrorBoundaryMiddleware(AdmissionMiddleware(watched, admission, adds_headers=False))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_of_an_application = scope["type"] == "http" and scope["path"].startswith(APPLICATIONS)
        await (self.upstreams if is_of_an_application else self.app)(scope, receive, send)
