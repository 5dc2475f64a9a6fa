from config.settings.base import *  # noqa: F403

DEBUG = True
SECRET_KEY = "only-for-development-0123456789-0123456789-0123456789"
