"""What is read: a document or product with its text, and orders."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from gateway.products import Price
from gateway.resilience.fallback import Degradation

MAX_CHARACTERS = 20_000
MAX_ORDERS = 50


class Source(BaseModel):
    """A document or product."""

    kind: Literal["document", "product"]
    id: UUID
    title: str
    text: str = Field(description="Of a document with those of its files, or the description of a product; a part.")
    characters: int = Field(description="How many the whole text has.")
    metadata: dict[str, Any] = Field(
        description="The document's own and its front matter; for a product also sku, category, price, …"
    )
    source_uri: str | None = Field(description="Where the document came from.")
    updated_at: datetime = Field(description="Last change.")


class OrderItem(BaseModel):
    """A line of an order, as it was when the order was placed."""

    product_id: UUID | None = Field(description="Null once the product was deleted.")
    sku: str
    name: str
    unit_price: Price
    quantity: int


class Order(BaseModel):
    """An order of the caller."""

    id: UUID
    status: Literal["pending", "paid", "shipped", "cancelled", "refunded"]
    currency: str = Field(description="ISO 4217 code.")
    total: Price
    reason: str | None = Field(description="Why it was cancelled or refunded.")
    withdrawn_at: datetime | None = Field(description="When the buyer or the shop withdrew it.")
    created_at: datetime = Field(description="When it was placed.")
    expires_at: datetime | None = Field(description="Until when a pending order may be paid; null for no end.")
    items: list[OrderItem]


class ReadSource(BaseModel):
    """A source, and how it was read."""

    source: Source
    degradations: list[Degradation]


class ReadOrders(BaseModel):
    """Orders, and how they were read."""

    orders: list[Order] = Field(description="The latest first.")
    complete: bool = Field(description="Whether there are no more.")
    degradations: list[Degradation]
