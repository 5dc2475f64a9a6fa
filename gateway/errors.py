"""What can go wrong while a request is answered. One handler (problems.py) renders all of it.

GatewayError                        has a status, a kind, a title, a detail; may have field problems and headers
├── BadRequestError                 400  the body is not JSON, or not text
├── UnauthenticatedError            401  a token is there and is not good; never treated as nobody
├── ForbiddenError                  403  a good token that may not do this
├── NotFoundError                   404  no such address
├── MethodNotAllowedError           405  the address knows other methods
├── RequestTimeoutError             408  a request that does not arrive
│   └── UploadTimeoutError          its body does not
├── ConflictError                   409  another state than the request assumes
├── PayloadTooLargeError            413  more bytes than are read
├── UnsupportedMediaTypeError       415  a body that is not declared as JSON
├── InvalidInputError               422  fields that are wrong, each with what is allowed
│   └── SearchRefusedError          a filter that the database does not know, or too many operators in a query
├── TooManyRequestsError            429  more than one caller may ask, at a time or within a while
├── HeadersTooLargeError            431  more bytes before the body than are read
├── InternalError                   500  a bug; the log has it, the answer does not
│   └── ParameterRefusedError       a function of the database refuses what the gateway gave it
└── UnavailableError                503  a dependency; says when to try again
    ├── NotReadyError               no search can be answered
    ├── AuthKeysUnavailableError    no key to verify tokens with
    ├── DatabaseUnavailableError    no connection
    ├── DatabaseBusyError           every connection is taken
    ├── DatabaseTimeoutError        no answer in time
    └── DatabaseUnsafeError         the database would not hold callers to their rows
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldProblem:
    """One wrong field: where it stands, what is wrong with it and what is allowed, and a code for programs.

    `pointer` is a JSON pointer into the body (RFC 6901) as a URI fragment, or the name of a parameter or header.
    """

    pointer: str
    detail: str
    code: str


class GatewayError(Exception):
    """Base of every error that a caller is told about."""

    status: ClassVar[int] = 500
    kind: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something went wrong in the gateway"

    def __init__(
        self, detail: str, *, fields: Sequence[FieldProblem] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        """Say in `detail` what is wrong and what to do; it is shown to the caller."""
        super().__init__(detail)
        self.detail = detail
        self.fields = tuple(fields)
        self.headers = dict(headers or {})


class BadRequestError(GatewayError):
    """The request cannot be read."""

    status = 400
    kind = "bad-request"
    title = "The request cannot be read"


class UnauthenticatedError(GatewayError):
    """The request carries credentials that do not hold (RFC 6750, section 3.1)."""

    status = 401
    kind = "unauthenticated"
    title = "The credentials are not valid"

    def __init__(self, detail: str) -> None:
        """Refuse a token, saying why."""
        challenge = f'Bearer error="invalid_token", error_description="{detail.replace(chr(34), chr(39))}"'
        super().__init__(detail, headers={"WWW-Authenticate": challenge})


class AccountClosedError(UnauthenticatedError):
    """The token holds, but the account is closed: the database said so (PT401)."""


class ForbiddenError(GatewayError):
    """The caller is known and may not do this."""

    status = 403
    kind = "forbidden"
    title = "Not allowed"


class AccountBannedError(ForbiddenError):
    """The token holds, but the account is banned: the database said so (PT403)."""


class NotFoundError(GatewayError):
    """There is nothing at this address."""

    status = 404
    kind = "not-found"
    title = "Nothing is here"


class MethodNotAllowedError(GatewayError):
    """The address exists, the method does not."""

    status = 405
    kind = "method-not-allowed"
    title = "The method is not allowed here"


class RequestTimeoutError(GatewayError):
    """The request did not arrive as a whole."""

    status = 408
    kind = "request-timeout"
    title = "The request did not arrive in time"

    def __init__(self, limit_s: float) -> None:
        """Give up a request that has taken `limit_s` seconds; the connection ends."""
        super().__init__(f"A request must be here within {limit_s:g} s. Send it again.")


class UploadTimeoutError(RequestTimeoutError):
    """The headers arrived, the body did not."""

    kind = "upload-timeout"
    title = "The upload did not arrive in time"

    def __init__(self, limit_s: float, received: int) -> None:
        """Give up a request of whose body `received` bytes arrived within `limit_s` seconds; the connection ends."""
        late = f"The upload was too slow: {received:,} bytes of the body had arrived after {limit_s:g} s, and not all"
        GatewayError.__init__(self, f"{late} (UPLOAD_TIMEOUT_S). The gateway itself is well. Send it again.")


class ConflictError(GatewayError):
    """The stored state contradicts the request."""

    status = 409
    kind = "conflict"
    title = "The stored state contradicts the request"


class PayloadTooLargeError(GatewayError):
    """The body is longer than the gateway reads."""

    status = 413
    kind = "payload-too-large"
    title = "The body is too large"

    def __init__(self, limit: int, *, is_upload: bool) -> None:
        """Refuse a body of more than `limit` bytes; its rest is not read."""
        advice = "MAX_UPLOAD_BYTES). Upload larger files to Storage." if is_upload else "MAX_BODY_BYTES)."
        super().__init__(f"At most {limit:,} bytes are read ({advice}", headers={"Connection": "close"})


class UnsupportedMediaTypeError(GatewayError):
    """The body is not declared as JSON."""

    status = 415
    kind = "unsupported-media-type"
    title = "The body is of another type"


class InvalidInputError(GatewayError):
    """Fields are wrong."""

    status = 422
    kind = "invalid-input"
    title = "The input is not valid"


class SearchRefusedError(InvalidInputError):
    """A filter is none, or a query holds more of an operator than is allowed: the database said so (PT422)."""

    def __init__(self, detail: str) -> None:
        """Repeat the database's words. Those on a filter begin with its name: `filters.languages: …`."""
        place, _, why = detail.partition(": ")
        problem = FieldProblem("#/" + "/".join(place.split(".")[:2]), why, "filter")
        if not place.startswith("filters."):
            words = f"{detail} Write fewer, or leave out their marks to search for the words."
            problem = FieldProblem("#/query", words, "query_bound")
        super().__init__(f"{problem.pointer}: {problem.detail}", fields=[problem])


class TooManyRequestsError(GatewayError):
    """One caller asks for more than it may (RFC 6585, section 4)."""

    status = 429
    kind = "rate-limited"
    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after_s: int = 1, headers: Mapping[str, str] | None = None) -> None:
        """Say what the bound is and which setting moves it; `headers` has the RateLimit fields."""
        super().__init__(detail, headers={"Retry-After": str(retry_after_s), **(headers or {})})


class TooManyAtOnceError(TooManyRequestsError):
    """One caller has as many requests under way as it may."""

    kind = "too-many-at-once"
    title = "Too many requests at a time"


class HeadersTooLargeError(GatewayError):
    """The headers are longer than the gateway reads."""

    status = 431
    kind = "headers-too-large"
    title = "The headers are too large"

    def __init__(self, limit: int) -> None:
        """Refuse a request with more than `limit` bytes beside its body; the connection ends."""
        super().__init__(f"At most {limit:,} bytes of request line and headers are read, by no setting. Send less.")


class InternalError(GatewayError):
    """A bug."""


class ParameterRefusedError(InternalError):
    """A function of the database refuses a parameter that the gateway should have known better than to send."""


class UnavailableError(GatewayError):
    """Something the gateway depends on does not work now."""

    status = 503
    kind = "unavailable"
    title = "A dependency does not answer"
    retry_after_s: ClassVar[int] = 2

    def __init__(self, detail: str) -> None:
        """Say which dependency, and what the caller can expect."""
        super().__init__(detail, headers={"Retry-After": str(self.retry_after_s)})


class NotReadyError(UnavailableError):
    """No search can be answered now."""

    kind = "not-ready"
    title = "The gateway is not ready"


class AuthKeysUnavailableError(UnavailableError):
    """Tokens cannot be verified: the keys could not be fetched."""

    kind = "auth-keys-unavailable"
    title = "Tokens cannot be verified now"


class DatabaseUnavailableError(UnavailableError):
    """No connection to the database, or it was lost."""

    kind = "database-unavailable"
    title = "The database does not answer"


class DatabaseBusyError(UnavailableError):
    """Every connection is taken: load is shed instead of queued."""

    kind = "database-busy"
    title = "The gateway is at its limit"
    retry_after_s = 1


class OverloadedError(UnavailableError):
    """More requests at a time than can be answered in time: refused before any work was done."""

    kind = "overloaded"
    title = "The gateway is at its limit"
    retry_after_s = 1

    def __init__(self) -> None:
        """Say so."""
        super().__init__("As many requests as can be answered in time are under way. Try again.")


class DatabaseTimeoutError(UnavailableError):
    """The database did not answer in time."""

    kind = "database-timeout"
    title = "The database did not answer in time"


class DatabaseUnsafeError(UnavailableError):
    """The database would not hold callers to their rows, so the gateway does not ask it."""

    kind = "database-unsafe"
    title = "The database is not set up safely"
    retry_after_s = 10

    def __init__(self, findings: Sequence[str], rules: Sequence[str]) -> None:
        """Keep the findings for the operator; callers are told which rules are broken, not where the holes are."""
        super().__init__(f"The gateway asks nothing of a database that breaks {', '.join(rules)}: its log says where.")
        self.findings = tuple(findings)
