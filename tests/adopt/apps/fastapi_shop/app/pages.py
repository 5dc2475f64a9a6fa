from typing import Annotated

from fastapi import Query
from sqlalchemy import func, select

SIZE = 20
Number = Annotated[int, Query(alias="page", ge=1)]


async def page_of(request, session, query, number):
    """A page of 20, with the links to the ones beside it."""
    count = await session.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    rows = await session.scalars(query.offset(SIZE * (number - 1)).limit(SIZE))
    return {
        "count": count,
        "next": _link(request, number + 1) if SIZE * number < count else None,
        "previous": _link(request, number - 1) if number > 1 else None,
        "results": rows.all(),
    }


def _link(request, number):
    return str(request.url.include_query_params(page=number))
