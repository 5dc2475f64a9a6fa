from flask import Blueprint, abort, g, request
from sqlalchemy import select, update

from shop.caller import sign_in
from shop.models import Review
from shop.pages import page_of
from shop.schemas import NewReview, ReviewChange, ShownReview

blueprint = Blueprint("reviews", __name__)


def _found(key):
    return g.session.get(Review, key) or abort(404, "There is no such review.")


def _shown(review):
    return ShownReview.model_validate(review).model_dump(mode="json")


@blueprint.get("/reviews/")
def reviews():
    return page_of(select(Review).order_by(Review.created_at.desc(), Review.id), ShownReview)


@blueprint.get("/reviews/<uuid:key>/")
def review(key):
    return _shown(_found(key))


@blueprint.post("/reviews/")
def add():
    sign_in()
    made = Review(**NewReview.model_validate(request.get_json()).model_dump())
    g.session.add(made)
    g.session.flush()
    return _shown(made), 201


@blueprint.patch("/reviews/<uuid:key>/")
def change(key):
    sign_in()
    asked = ReviewChange.model_validate(request.get_json()).model_dump(exclude_none=True)
    found = _found(key)
    if not g.session.execute(update(Review).where(Review.id == key).values(**asked)).rowcount:
        abort(403, "You may not change it.")
    g.session.refresh(found)
    return _shown(found)
