from flask import Flask
from flask_cors import CORS

from shop import errors, products, reviews, users
from shop.caller import install
from shop.settings import Settings


def create_app(settings=None):
    settings = settings or Settings()
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 65_536
    CORS(app, origins=settings.cors_origins)
    install(app, settings)
    errors.install(app)
    for blueprint in (products.blueprint, reviews.blueprint, users.blueprint):
        app.register_blueprint(blueprint, url_prefix="/api")
    return app
