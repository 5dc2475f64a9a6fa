"""The request and the answer of GET /v1/recommendations."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.products import Price
from gateway.resilience.fallback import Degradation

MAX_RESULTS = 50


class Source(StrEnum):
    """What a list begins with. Which follows which, where one has too little, is up to the database."""

    PERSONAL = "personal"
    SIMILAR = "similar"
    CATEGORY = "popular_in_category"
    POPULAR = "popular"


class BecauseKind(StrEnum):
    """Why a product is recommended."""

    BOUGHT_TOGETHER = "bought_together"
    VIEWED = "viewed"
    SIMILAR = "similar"
    CATEGORY = "popular_in_category"
    POPULAR = "popular"


class RecommendationsRequest(BaseModel):
    """What is asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    like: UUID | None = Field(default=None, description="Products that go with this one.")
    category: Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")] | None = Field(
        default=None, description="Products of the category with this slug; alone, its most popular."
    )
    limit: int = Field(default=10, ge=1, le=MAX_RESULTS, description="Most products to return.")

    @property
    def source(self) -> Source:
        """What the list should begin with."""
        if self.like is not None:
            return Source.SIMILAR
        return Source.PERSONAL if self.category is None else Source.CATEGORY


class Because(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    kind: BecauseKind = Field(
        description="`bought_together`: people buy it with that product; `viewed`: it is like that product, which the "
        "caller looked at or put into the cart; `similar`: it is like that product; else it is popular."
    )
    product_id: UUID | None = Field(description="That product; null where it is just popular.")
    name: str | None = Field(description="Its name.")


class Recommendation(BaseModel):
    """A product."""

    model_config = ConfigDict(extra="forbid")

    product_id: UUID = Field(description="The product.")
    name: str = Field(description="Its name.")
    price: Price
    currency: str = Field(description="ISO 4217 code.")
    category: str = Field(description="The slug of its category.")
    score: float = Field(description="More is better; comparable within one kind of reason.")
    because: Because


class RecommendationsResponse(BaseModel):
    """What is recommended."""

    model_config = ConfigDict(extra="forbid")

    recommendations: list[Recommendation] = Field(description="Best first. Empty only when nothing can be had at all.")
    source: Source | None = Field(
        description="What the list begins with; another one than asked for where that had nothing to say. Null for "
        "an empty list."
    )
    degraded: bool = Field(description="Whether something was down and the answer is less good for it.")
    degradations: list[Degradation] = Field(description="What was down, and what was done instead.")
    age_seconds: float | None = Field(
        default=None, description="How old the answer is, when it is stale; null for an answer of now."
    )
    took_ms: float = Field(description="Milliseconds in the gateway.")
