"""A file of questions: one JSON object a line, checked before the first is asked."""

import json
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

MOST_COMPLAINTS = 10
KNOWN = "question, messages, answers, sources, answerable, in, filters, organization_id, limit"


class QuestionsError(Exception):
    """The file cannot be used; the message names each line and what to change."""


class Question(BaseModel):
    """What is asked, and what is known of its answer."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    line: int = 0
    question: str | None = None
    messages: list[dict[str, Any]] | None = None
    answers: list[str] = []
    """Texts of which a good answer has one."""
    sources: list[str] = []
    """Documents, products or files, by title, id or name, of which one should be found."""
    answerable: bool = True
    """False: nothing that this person may read answers it."""
    kinds: list[str] | None = Field(default=None, alias="in")
    filters: dict[str, Any] | None = None
    organization_id: str | None = None
    limit: int | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.question is None) == (self.messages is None):
            raise ValueError("send either 'question' or 'messages'")
        if not self.answerable and (self.answers or self.sources):
            raise ValueError("what is not 'answerable' has no 'answers' and no 'sources': drop one of them")
        if not all(text.strip() for text in (*self.answers, *self.sources)):
            raise ValueError("an empty text is among 'answers' or 'sources': drop it")
        return self

    @property
    def text(self) -> str:
        """What is asked, for people."""
        return self.question if self.question is not None else str((self.messages or [{}])[-1].get("content", ""))

    def body(self) -> dict[str, Any]:
        """The request, streamed."""
        known = {"line", "answers", "sources", "answerable"}
        return {**self.model_dump(by_alias=True, exclude=known, exclude_none=True), "stream": True}


def read_questions(path: Path) -> list[Question]:
    """The questions of a file; QuestionsError, which names up to ten lines at once."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise QuestionsError(f"{path} is not UTF-8: save it as UTF-8.") from error
    found, complaints = [], []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(_question(number, line))
            except QuestionsError as error:
                complaints.append(f"{path}, line {number}: {error}")
    if complaints:
        more = len(complaints) - MOST_COMPLAINTS
        raise QuestionsError("\n".join(complaints[:MOST_COMPLAINTS] + [f"… and {more} more."] * (more > 0)))
    if not found:
        raise QuestionsError(f'{path} holds no question. Write one a line: {{"question": "…", "answers": ["…"]}}')
    return found


def _question(number: int, line: str) -> Question:
    try:
        row = json.loads(line)
    except ValueError as error:
        place = f" at character {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise QuestionsError(f"this is no JSON{place}. Write one object a line.") from error
    if not isinstance(row, dict):
        raise QuestionsError('this is no object. Write {"question": "…"}.')
    try:
        return Question.model_validate({**row, "line": number})
    except ValidationError as error:
        raise QuestionsError("; ".join(map(_complaint, error.errors()))) from error


def _complaint(error: Any) -> str:
    place = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return f"there is no field {place!r}. Known are {KNOWN}."
    message = error["msg"].removeprefix("Value error, ")
    return f"{place!r}: {message}." if place else f"{message}."
