"""Values that filters over products take, by the rules of the table (a test compares both), and prices as shown."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainSerializer

MAX_PRICE = 9_999_999_999.99
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"

Slug = Annotated[str, Field(strict=True, min_length=1, max_length=63, pattern=SLUG)]
PriceBound = Annotated[
    float, Field(strict=True, ge=0, le=MAX_PRICE, allow_inf_nan=False, description="In the product's currency.")
]


# As the Data API answers. A double holds every amount that the database takes: 12 digits and 3 decimals.
Price = Annotated[
    Decimal, PlainSerializer(float, return_type=float, when_used="json"), Field(description="In the currency's units.")
]


def without_nul(value: str) -> str:
    """The text itself; ValueError when it holds U+0000, which PostgreSQL cannot store."""
    if "\x00" in value:
        raise ValueError("It holds the character NUL (U+0000), which is not text")
    return value
