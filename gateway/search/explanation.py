"""Why a search found what it found: the caller's own view, as POST /v1/search gives it with `explain`.

The database makes it as the caller (supabase/schemas/51_search_answers.sql). An id that nobody has and one that the
caller may not read are the same there: `unknown`.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

MAX_IDS = 20
EXPLAIN_COST = 2
"""Requests that an explanation counts for beside the search: the scores of up to 2,000 chunks are computed for it."""


class Reason(StrEnum):
    """Where a document or product is, or why it is nowhere."""

    LISTED = "listed"
    BELOW = "below"
    FILTERED = "filtered"
    OPERATORS = "operators"
    PENDING = "pending"
    FAILED = "failed"
    NO_MATCH = "no_match"
    MISSED = "missed"
    UNKNOWN = "unknown"


class Explained(BaseModel):
    """One document or product: where it is in the ranking, and how its score came about."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    reason: Reason = Field(
        description="`listed`: it is a result. `below`: others rank higher. `filtered`: `filters` names what it does "
        "not pass. `operators`: it lacks a phrase or has what is excluded. `pending`, `failed`: not embedded. "
        "`no_match`: it shares no word with the query. `missed`: its score is that of a result, and a bound or an "
        "approximate index left it out. `unknown`: there is none with this id that the caller may read."
    )
    rank: int | None = Field(default=None, description="Its place before a reranker, from 1; null where none is known.")
    higher: int | None = Field(
        default=None, description="How many candidates rank higher, or have the same score; null without a score."
    )
    score: float | None = Field(default=None, description="Both parts weighed together, before a reranker.")
    cosine: float | None = Field(default=None, description="By meaning; null where its chunk has no vector.")
    bm25: float | None = Field(default=None, description="By words, 0 to 1; null where it has none of them.")
    meaning_rank: int | None = Field(
        default=None, description="Its place in the search by meaning; null where that did not find it."
    )
    words_rank: int | None = Field(
        default=None, description="Its place in the search by words; null where that did not find it."
    )
    chunk_id: int | None = Field(default=None, description="The chunk that has the score.")
    filters: list[str] = Field(default=[], description="Filters that it does not pass; `in`: it is of the other kind.")
    operators: list[str] = Field(default=[], description="Phrases that it lacks, and exclusions that it has.")


class Term(BaseModel):
    """A word or prefix that was looked for."""

    word: str
    chunks: int = Field(description="How many of the caller's chunks have it.")
    weight: float = Field(description="Its part of the words' score.")


class MeaningPlan(BaseModel):
    """The search by meaning."""

    method: str = Field(
        description="`comparison`: chunks are compared one by one. `indexes`: HNSW indexes are walked. `comparison, "
        "then indexes`: what passes filters and phrases is compared, and indexes are walked where that is too much."
    )
    scope_indexes: int = Field(description="Indexes of large scopes among the caller's.")
    common_index: bool = Field(
        description="Whether the caller's other scopes are so large that the common one is used."
    )
    comparison_limit: int = Field(description="Most chunks that are compared.")


class WordsPlan(BaseModel):
    """The search by words."""

    terms: list[Term] = Field(description="What was looked for, the rarest first, at most 64.")
    posting_limit: int = Field(description="Most postings that are read.")


class Plan(BaseModel):
    """How it was searched, and within which bounds."""

    kinds: list[str] = Field(alias="in", description="Kinds that can pass the filters.")
    chunks: int = Field(description="Chunks in the caller's scopes, without documents shared with the caller.")
    passing_filters: int | None = Field(
        description="Documents and products that pass the filters; null without filters, and where they are too many."
    )
    weight_of_meaning: float = Field(description="Of the cosine in a score; BM25 has the rest.")
    candidates: int = Field(description="How many documents and products were ranked.")
    meaning: MeaningPlan | None = Field(description="null for a search by words.")
    words: WordsPlan | None = Field(description="null for a search by meaning.")


class Explanation(BaseModel):
    """Why it was found, or not."""

    plan: Plan
    results: list[Explained] = Field(description="The results, in the order before a reranker.")
    ids: list[Explained] = Field(description="The documents and products of `explain_ids`, in that order.")

    @classmethod
    def of(cls, answer: dict[str, Any], listed: Sequence[UUID]) -> Self | None:
        """That of a database's answer, of which `listed` became results; None where it has none."""
        found = answer.get("explanation")
        if found is None:
            return None
        made = cls.model_validate(found)
        return made.model_copy(
            update={
                "results": [each for each in made.results if each.id in listed],
                "ids": [_placed(each, each.id in listed) for each in made.ids],
            }
        )


def _placed(each: Explained, is_listed: bool) -> Explained:
    """As it turned out: a reranker, or the size of an answer, may have changed who is listed."""
    if each.reason is Reason.LISTED and not is_listed:
        return each.model_copy(update={"reason": Reason.BELOW})
    return each
