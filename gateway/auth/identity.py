"""Who is calling, signed for an application behind the gateway: a short-lived JWT that any library verifies."""

import json
import time
from collections.abc import Callable

import jwt

from gateway.auth.caller import Caller

ISSUER = "tidegate"
VALID_S = 60


class IdentitySigner:
    """Signs for one application."""

    def __init__(self, application: str, secret: str, clock: Callable[[], float] = time.time) -> None:
        """Sign with the `secret` that the gateway shares with this application alone."""
        self._application = application
        self._secret = secret
        self._clock = clock

    def sign(self, caller: Caller) -> str:
        """A token of a person, with the claims of the person's own one as `claims`."""
        now = int(self._clock())
        payload = {
            "iss": ISSUER,
            "aud": self._application,
            "iat": now,
            "exp": now + VALID_S,
            "sub": str(caller.user_id),
            "claims": json.loads(caller.claims),
        }
        return jwt.encode(payload, self._secret, algorithm="HS256")
