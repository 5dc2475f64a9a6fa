from fastapi import APIRouter

from app.caller import Database, Person
from app.errors import found
from app.models import User
from app.schemas import ShownUser

router = APIRouter(tags=["users"])


@router.get("/me/")
async def me(person: Person, session: Database) -> ShownUser:
    return found(await session.get(User, person), "profile")
