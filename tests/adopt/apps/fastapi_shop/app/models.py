from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import FetchedValue, ForeignKey, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

OF_SUPABASE = {"schema": "public", "info": {"of_supabase": True}}


class Base(DeclarativeBase):
    pass


class User(Base):
    """A person: the profile that Supabase Auth and the gateway know. Passwords are Auth's."""

    __tablename__ = "profiles"
    __table_args__ = OF_SUPABASE

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str | None]
    phone: Mapped[str | None]
    display_name: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())


class Category(Base):
    __tablename__ = "categories"
    __table_args__ = OF_SUPABASE

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str]


class Product(Base):
    """A product of the shop: the table is Supabase's, so are its policies."""

    __tablename__ = "products"
    __table_args__ = OF_SUPABASE

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    category_id: Mapped[UUID] = mapped_column(ForeignKey(Category.id))
    sku: Mapped[str]
    name: Mapped[str]
    description: Mapped[str]
    price: Mapped[Decimal]
    currency: Mapped[str]
    stock: Mapped[int]
    is_active: Mapped[bool]
    # PostgreSQL alone writes these.
    is_in_stock: Mapped[bool] = mapped_column(server_default=FetchedValue(), server_onupdate=FetchedValue())
    created_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    category: Mapped[Category] = relationship(lazy="joined")


class Review(Base):
    """A table of the application's own, in its own schema."""

    __tablename__ = "reviews"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    product: Mapped[UUID] = mapped_column(ForeignKey(Product.id))
    author: Mapped[UUID] = mapped_column(server_default=text("auth.uid()"))
    stars: Mapped[int]
    text: Mapped[str]
    is_public: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
