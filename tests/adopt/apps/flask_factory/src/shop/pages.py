"""Pages of the shop."""

from flask import Blueprint

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def index():
    return "shop"
