"""Every transaction of a session begins with the caller's role and claims, so that the policies decide."""

import json

import jwt
from flask import abort, g, redirect, request
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix

VISITOR = {"role": "anon"}
BECOME = text("select set_config('role', :role, true), set_config('request.jwt.claims', :claims, true)")


class CallerSession(Session):
    """A session of one caller, whose claims stand in `info`."""


@event.listens_for(CallerSession, "after_begin")
def become(session, transaction, connection):
    claims = session.info["claims"]
    role = "authenticated" if claims["role"] == "authenticated" else "anon"
    connection.execute(BECOME, {"role": role, "claims": json.dumps(claims)})


def claims_of(header, settings):
    """The claims of whoever is calling. Raises jwt.InvalidTokenError."""
    if header is None:
        return VISITOR
    said = jwt.decode(
        header, settings.identity_secret, algorithms=["HS256"], audience=settings.identity_name, issuer="tidegate"
    )
    return said["claims"]


def install(app, settings):
    # The gateway alone can be reached. It says how it was asked, and under which path.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
    engine = create_engine(settings.database_url, pool_size=8, max_overflow=0, pool_pre_ping=True)

    @app.before_request
    def begin():
        if request.host not in settings.hosts:
            abort(400, "This host is none of ALLOWED_HOSTS.")
        if not request.is_secure:
            return redirect(request.url.replace("http:", "https:", 1), 301)
        try:
            g.claims = claims_of(request.headers.get("X-Tidegate-Identity"), settings)
        except jwt.InvalidTokenError:
            abort(401, "The gateway has not signed this request.")
        g.session = CallerSession(engine, info={"claims": g.claims})

    @app.after_request
    def commit(response):
        if "session" in g and response.status_code < 400:
            g.session.commit()
        return response

    @app.teardown_request
    def end(error):
        if "session" in g:
            g.session.close()  # what was not committed is rolled back


def sign_in():
    """The id of the person who asks; 401 for a visitor."""
    if g.claims["role"] != "authenticated":
        abort(401, "Sign in.")
    return g.claims["sub"]
