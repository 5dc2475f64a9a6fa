from datetime import datetime
from decimal import Decimal
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Row = TypeVar("Row")
Price = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewProduct(Body):
    category: str
    sku: str = Field(max_length=40)
    name: Name
    description: str = ""
    price: Price
    currency: str = "EUR"
    stock: int = Field(default=0, ge=0)
    is_active: bool = True


class ProductChange(Body):
    name: Name | None = None
    description: str | None = None
    price: Price | None = None
    stock: int | None = Field(default=None, ge=0)
    is_active: bool | None = None


class Purchase(Body):
    quantity: int = Field(default=1, ge=1, le=1000)


class NewReview(Body):
    product: UUID
    stars: int = Field(ge=1, le=5)
    text: str = Field(default="", max_length=2000)
    is_public: bool = False


class ReviewChange(Body):
    stars: int | None = Field(default=None, ge=1, le=5)
    text: str | None = Field(default=None, max_length=2000)
    is_public: bool | None = None


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ShownProduct(Shown):
    id: UUID
    category: Annotated[str, BeforeValidator(lambda category: category.slug)]
    sku: str
    name: str
    description: str
    price: Decimal
    currency: str
    stock: int
    is_in_stock: bool
    is_active: bool
    created_at: datetime


class ShownReview(Shown):
    id: UUID
    product: UUID
    author: UUID
    stars: int
    text: str
    is_public: bool
    created_at: datetime


class ShownUser(Shown):
    id: UUID
    email: str | None
    phone: str | None
    display_name: str | None
    created_at: datetime


class Page(BaseModel, Generic[Row]):
    count: int
    next: str | None
    previous: str | None
    results: list[Row]
