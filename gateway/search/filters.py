"""What a result of a search must be like."""

import json
import re
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from gateway.products import PriceBound, Slug

MAX_METADATA = 4_000
MAX_ORGANIZATIONS = 100
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
    return value


Organizations = Annotated[
    list[UUID],
    Field(strict=True, min_length=1, max_length=MAX_ORGANIZATIONS, description="Documents of these organizations."),
]


class Filters(BaseModel):
    """What a result must be like. Every result passes every filter, so a kind that lacks the property is left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    organization_ids: Organizations | None = Field(
        default=None, description=f"Documents filed in one of these organizations, at most {MAX_ORGANIZATIONS}."
    )
    category: Slug | None = Field(default=None, description="Products of the category with this slug.")
    price_min: PriceBound | None = Field(default=None, description="Products at this price or above.")
    price_max: PriceBound | None = Field(default=None, description="Products at this price or below.")
    in_stock: Annotated[bool, Field(strict=True)] | None = Field(
        default=None, description="Products that are (true) or are not (false) in stock."
    )
    metadata: Annotated[dict[str, JsonValue], AfterValidator(_storable)] | None = Field(
        default=None,
        description="What the metadata of a document or product must contain, nested objects and lists included.",
        examples=[{"kind": "manual"}],
    )

    @property
    def names_of_products(self) -> list[str]:
        """The filters in use that only products can pass."""
        return [name for name in ("category", "price_min", "price_max", "in_stock") if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            raise ValueError("price_min is above price_max, so nothing could be found: swap them")
        return self
