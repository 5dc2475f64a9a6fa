"""A client of a Tidegate gateway.

`Tidegate` blocks, `AsyncTidegate` is for asyncio; both have the same methods. Answers are dictionaries, typed in
`tidegate_client.models` by the gateway's OpenAPI document.
"""

from tidegate_client.asynchronous import AsyncTidegate
from tidegate_client.errors import AnswerBrokenOffError, DocumentFailedError, GatewayProblemError, TidegateError
from tidegate_client.events import AnswerEvent
from tidegate_client.requests import AnswerOptions, DocumentOptions, SearchOptions
from tidegate_client.retries import Retries
from tidegate_client.search_as_you_type import SearchAsYouType
from tidegate_client.synchronous import Tidegate

__all__ = [
    "AnswerBrokenOffError",
    "AnswerEvent",
    "AnswerOptions",
    "AsyncTidegate",
    "DocumentFailedError",
    "DocumentOptions",
    "GatewayProblemError",
    "Retries",
    "SearchAsYouType",
    "SearchOptions",
    "Tidegate",
    "TidegateError",
]
