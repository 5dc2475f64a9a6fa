from flask import Blueprint, abort, g

from shop.caller import sign_in
from shop.models import User
from shop.schemas import ShownUser

blueprint = Blueprint("users", __name__)


@blueprint.get("/me/")
def me():
    user = g.session.get(User, sign_in()) or abort(404, "There is no such profile.")
    return ShownUser.model_validate(user).model_dump(mode="json")
