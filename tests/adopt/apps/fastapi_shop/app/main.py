from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.httpsredirect import HTTPSRedirectMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from sqlalchemy.ext.asyncio import create_async_engine

from app import errors
from app.config import Settings
from app.routers import products, reviews, users


@asynccontextmanager
async def lifespan(app):
    yield
    await app.state.engine.dispose()


def create_app():
    settings = Settings()
    app = FastAPI(title="Shop", version="1.0.0", lifespan=lifespan)
    app.state.settings = settings
    # Nothing connects before the first request, and tables are made by migrations.
    app.state.engine = create_async_engine(settings.database_url, pool_size=8, max_overflow=0, pool_pre_ping=True)
    app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(HTTPSRedirectMiddleware)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.hosts)
    errors.install(app)
    for router in (products.router, reviews.router, users.router):
        app.include_router(router, prefix="/api")
    return app
