"""Reports of errors to Sentry where SENTRY_DSN says where, through the gateway's scrubber."""

from collections.abc import Mapping
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration

from gateway.adopt.injected.options import Options
from gateway.observability.scrubbing import scrub

LAST_WORDS_S = 1.0


def report_errors(options: Options) -> None:
    """Report from now on. An application that sets Sentry up itself takes over by doing so."""
    if not options.sentry_dsn or sentry_sdk.get_client().is_active():
        return
    sentry_sdk.init(
        dsn=options.sentry_dsn,
        environment=options.sentry_environment,
        release=options.sentry_release or None,
        # Frameworks tell it of their errors; of an event only what the scrubber lists leaves.
        before_send=_before_send,
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        server_name="",
        shutdown_timeout=LAST_WORDS_S,
        integrations=[AtexitIntegration(callback=lambda _pending, _timeout: None)],
    )


def _before_send(event: Mapping[str, Any], hint: Mapping[str, Any]) -> Any:
    error = (hint.get("exc_info") or (None, None))[1]
    return scrub(event, None, error)
