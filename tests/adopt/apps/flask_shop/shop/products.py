from flask import Blueprint, abort, g, request
from sqlalchemy import delete, select, text, update

from shop.caller import sign_in
from shop.errors import refuse
from shop.models import Category, Product
from shop.pages import page_of
from shop.schemas import NewProduct, ProductChange, Purchase, ShownProduct, category_of

blueprint = Blueprint("products", __name__)
PURCHASE = text("select public.purchase(:product, :quantity, :key)")


def _found(key):
    return g.session.get(Product, key) or abort(404, "There is no such product.")


def _shown(product):
    return ShownProduct.model_validate(product).model_dump(mode="json")


@blueprint.get("/products/")
def products():
    query = select(Product).order_by(Product.created_at.desc(), Product.id)
    if category := request.args.get("category"):
        query = query.join(Category).where(Category.slug == category)
    return page_of(query, ShownProduct)


@blueprint.get("/products/<uuid:key>/")
def product(key):
    return _shown(_found(key))


@blueprint.post("/products/")
def add():
    sign_in()
    asked = NewProduct.model_validate(request.get_json())
    category = category_of(g.session, asked.category) or refuse("category", "There is no such category.")
    made = Product(**asked.model_dump(exclude={"category"}), category=category)
    g.session.add(made)
    g.session.flush()
    return _shown(made), 201


@blueprint.patch("/products/<uuid:key>/")
def change(key):
    sign_in()
    asked = ProductChange.model_validate(request.get_json()).model_dump(exclude_none=True)
    found = _found(key)
    # By its count: a row that a policy hides is changed by nobody, and nothing says so.
    if not g.session.execute(update(Product).where(Product.id == key).values(**asked)).rowcount:
        abort(403, "You may not change it.")
    g.session.refresh(found)
    return _shown(found)


@blueprint.delete("/products/<uuid:key>/")
def remove(key):
    sign_in()
    _found(key)
    if not g.session.execute(delete(Product).where(Product.id == key)).rowcount:
        abort(403, "You may not delete it.")
    return "", 204


@blueprint.post("/products/<uuid:key>/purchase/")
def purchase(key):
    """Buy some. The function locks the row, so that the last one is sold once."""
    sign_in()
    asked = Purchase.model_validate(request.get_json())
    parameters = {"product": key, "quantity": asked.quantity, "key": request.headers.get("Idempotency-Key")}
    return g.session.scalar(PURCHASE, parameters), 201
