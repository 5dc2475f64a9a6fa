from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request
from sqlalchemy import delete, select, text, update

from app.caller import Database, Person
from app.errors import changed, found, refuse
from app.models import Category, Product
from app.pages import Number, page_of
from app.schemas import NewProduct, Page, ProductChange, Purchase, ShownProduct

router = APIRouter(prefix="/products", tags=["products"])
PURCHASE = text("select public.purchase(:product, :quantity, :key)")


@router.get("/")
async def products(
    request: Request, session: Database, number: Number = 1, category: str | None = None
) -> Page[ShownProduct]:
    query = select(Product).order_by(Product.created_at.desc(), Product.id)
    if category:
        query = query.join(Category).where(Category.slug == category)
    return await page_of(request, session, query, number)


@router.get("/{key}/")
async def product(key: UUID, session: Database) -> ShownProduct:
    return found(await session.get(Product, key), "product")


@router.post("/", status_code=201)
async def add(asked: NewProduct, person: Person, session: Database) -> ShownProduct:
    category = await session.scalar(select(Category).where(Category.slug == asked.category))
    if category is None:
        refuse("category", "There is no such category.")
    made = Product(**asked.model_dump(exclude={"category"}), category=category)
    session.add(made)
    await session.flush()
    await session.refresh(made)
    return made


@router.patch("/{key}/")
async def change(key: UUID, asked: ProductChange, person: Person, session: Database) -> ShownProduct:
    row = found(await session.get(Product, key), "product")
    values = asked.model_dump(exclude_none=True)
    changed(await session.execute(update(Product).where(Product.id == key).values(**values)))
    await session.refresh(row)
    return row


@router.delete("/{key}/", status_code=204)
async def remove(key: UUID, person: Person, session: Database) -> None:
    found(await session.get(Product, key), "product")
    changed(await session.execute(delete(Product).where(Product.id == key)))


@router.post("/{key}/purchase/", status_code=201)
async def purchase(
    key: UUID,
    asked: Purchase,
    person: Person,
    session: Database,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> dict:
    """Buy some. The function locks the row, so that the last one is sold once."""
    parameters = {"product": key, "quantity": asked.quantity, "key": idempotency_key}
    return await session.scalar(PURCHASE, parameters)
