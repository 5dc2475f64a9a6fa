from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select, update

from app.caller import Database, Person
from app.errors import changed, found
from app.models import Review
from app.pages import Number, page_of
from app.schemas import NewReview, Page, ReviewChange, ShownReview

router = APIRouter(prefix="/reviews", tags=["reviews"])


@router.get("/")
async def reviews(request: Request, session: Database, number: Number = 1) -> Page[ShownReview]:
    return await page_of(request, session, select(Review).order_by(Review.created_at.desc(), Review.id), number)


@router.get("/{key}/")
async def review(key: UUID, session: Database) -> ShownReview:
    return found(await session.get(Review, key), "review")


@router.post("/", status_code=201)
async def add(asked: NewReview, person: Person, session: Database) -> ShownReview:
    made = Review(**asked.model_dump())
    session.add(made)
    await session.flush()
    await session.refresh(made)
    return made


@router.patch("/{key}/")
async def change(key: UUID, asked: ReviewChange, person: Person, session: Database) -> ShownReview:
    row = found(await session.get(Review, key), "review")
    values = asked.model_dump(exclude_none=True)
    changed(await session.execute(update(Review).where(Review.id == key).values(**values)))
    await session.refresh(row)
    return row
