"""The events of an answer: how they are typed, and how they are read from the bytes of a stream."""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, TypedDict, cast

from tidegate_client.errors import AnswerBrokenOffError
from tidegate_client.models import AnswerEnd, Citation, Degradation, DeltaEvent, SearchEvent

# Of the HTML standard. A line of JSON may hold other characters that end a line elsewhere.
LINE_END = re.compile(rb"\r\n|\n|\r")


class SearchDone(TypedDict):
    """The search is done. A second one, without passages, takes the first one back."""

    event: Literal["search"]
    data: SearchEvent


class Delta(TypedDict):
    """More text of the answer."""

    event: Literal["delta"]
    data: DeltaEvent


class Cited(TypedDict):
    """Where a part of the text before stands."""

    event: Literal["citation"]
    data: Citation


class Degraded(TypedDict):
    """Something was down."""

    event: Literal["degradation"]
    data: Degradation


class Done(TypedDict):
    """The answer is whole; all of it but its text, citations and passages."""

    event: Literal["done"]
    data: AnswerEnd


AnswerEvent = SearchDone | Delta | Cited | Degraded | Done
KNOWN = frozenset({"search", "delta", "citation", "degradation", "done"})


class EventReader:
    """Reads the events of one answer from the pieces of its stream, wherever these are cut."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self._rest = b""
        self._name = ""
        self._data: list[str] = []
        self._is_done = False

    def feed(self, piece: bytes) -> Iterator[AnswerEvent]:
        """The events that this piece completes. AnswerBrokenOffError for one that says so.

        What a gateway of tomorrow sends besides is skipped.
        """
        *lines, self._rest = LINE_END.split(self._rest + piece)
        # The first half of a line end that was cut in two.
        if self._rest == b"" and piece.endswith(b"\r") and lines:
            self._rest = lines.pop() + b"\r"
        for line in lines:
            yield from self._line(line.decode())

    def end(self) -> None:
        """The stream is over. AnswerBrokenOffError unless the answer is."""
        if not self._is_done:
            raise AnswerBrokenOffError("The connection ended before the answer did.")

    def _line(self, line: str) -> Iterator[AnswerEvent]:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
        elif line == "" and self._data:
            name, data, self._name, self._data = self._name, json.loads("\n".join(self._data)), "", []
            yield from self._event(name, data)

    def _event(self, name: str, data: Any) -> Iterator[AnswerEvent]:
        if name == "error":
            raise AnswerBrokenOffError(data["detail"])
        self._is_done = self._is_done or name == "done"
        if name in KNOWN:
            yield cast(AnswerEvent, {"event": name, "data": data})
