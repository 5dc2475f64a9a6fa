"""What a result of a search must be like."""

import json
import re
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from gateway.language_tags import LanguageTag
from gateway.products import PriceBound, Slug
from gateway.search.metadata_filter import KNOWN, MOMENT, check_metadata, is_moment

MAX_METADATA = 4_000
MAX_IDS = 100
MAX_LANGUAGES = 20
_WRITTEN_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # behind two backslashes it is text that looks like it


def _storable(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    written = json.dumps(value)
    if len(written) > MAX_METADATA:
        raise ValueError(f"It is longer than {MAX_METADATA:,} characters of JSON, a bound that no setting moves")
    if _WRITTEN_NUL.search(written):
        raise ValueError("It holds the character NUL (U+0000), which is not text")
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        raise ValueError("It holds NaN, an infinite number or half a surrogate pair, none of which is JSON") from None
    check_metadata(value)
    return value


def _moment(value: str) -> str:
    if not is_moment(value):
        raise ValueError('It must be a date such as "2026-03-31" or "2026-03-31T12:00:00Z"')
    return value


Ids = Annotated[list[UUID], Field(strict=True, min_length=1, max_length=MAX_IDS)]
Moment = Annotated[str, Field(strict=True, json_schema_extra={"pattern": MOMENT}), AfterValidator(_moment)]


class Filters(BaseModel):
    """What a result must be like. Every result passes every filter, so a kind that lacks the property is left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    organization_ids: Ids | None = Field(
        default=None, description=f"Documents filed in one of these organizations, at most {MAX_IDS}."
    )
    document_ids: Ids | None = Field(default=None, description=f"These documents, at most {MAX_IDS}.")
    languages: Annotated[list[LanguageTag], Field(strict=True, min_length=1, max_length=MAX_LANGUAGES)] | None = Field(
        default=None,
        description="Documents and products in one of these languages, at most "
        f"{MAX_LANGUAGES} BCP 47 tags: `pt` is also `pt-BR`.",
        examples=[["de", "pt-BR"]],
    )
    created_after: Moment | None = Field(
        default=None, description="Made at this time or later: a date, or a time with or without its offset from UTC."
    )
    created_before: Moment | None = Field(default=None, description="Made before this time.")
    updated_after: Moment | None = Field(default=None, description="Last changed at this time or later.")
    updated_before: Moment | None = Field(default=None, description="Last changed before this time.")
    category: Slug | None = Field(default=None, description="Products of the category with this slug.")
    price_min: PriceBound | None = Field(default=None, description="Products at this price or above.")
    price_max: PriceBound | None = Field(default=None, description="Products at this price or below.")
    in_stock: Annotated[bool, Field(strict=True)] | None = Field(
        default=None, description="Products that are (true) or are not (false) in stock."
    )
    metadata: Annotated[dict[str, JsonValue], AfterValidator(_storable)] | None = Field(
        default=None,
        description="What the metadata of a document or product must contain, nested objects and lists included, and "
        f"operators below a name: {KNOWN}.",
        examples=[{"kind": "manual", "year": {"$gte": 2024}}],
    )

    @property
    def names_of_documents(self) -> list[str]:
        """The filters in use that only documents can pass."""
        return [name for name in ("organization_ids", "document_ids") if getattr(self, name) is not None]

    @property
    def names_of_products(self) -> list[str]:
        """The filters in use that only products can pass."""
        return [name for name in ("category", "price_min", "price_max", "in_stock") if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            raise ValueError("price_min is above price_max, so nothing could be found: swap them")
        return self
