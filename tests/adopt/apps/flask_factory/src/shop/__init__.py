"""A factory in a package under src/, with settings from the environment."""

import os

from flask import Flask

from shop import pages


def create_app(config=None):
    app = Flask(__name__)
    app.config["SECRET_KEY"] = os.environ["SHOP_SECRET"]
    app.config.update(config or {})
    app.register_blueprint(pages.blueprint, url_prefix="/shop")
    return app
