from flask import abort, g, request
from sqlalchemy import func, select

SIZE = 20


def page_of(query, shown):
    """A page of 20, with the links to the ones beside it."""
    number = request.args.get("page", 1, type=int)
    if number < 1:
        abort(404, "Pages are counted from 1.")
    count = g.session.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    rows = g.session.scalars(query.offset(SIZE * (number - 1)).limit(SIZE)).all()
    return {
        "count": count,
        "next": _link(number + 1) if SIZE * number < count else None,
        "previous": _link(number - 1) if number > 1 else None,
        "results": [shown.model_validate(row).model_dump(mode="json") for row in rows],
    }


def _link(number):
    arguments = "&".join(f"{name}={value}" for name, value in {**request.args, "page": number}.items())
    return f"{request.base_url}?{arguments}"
