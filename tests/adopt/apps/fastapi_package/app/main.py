"""A package with routers, a mounted application and a lifespan."""

from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.routers import users

READY = {}


@asynccontextmanager
async def lifespan(app):
    READY["yes"] = True
    yield
    READY.clear()


admin = FastAPI()
app = FastAPI(lifespan=lifespan)
app.include_router(users.router, prefix="/users")
app.mount("/admin", admin)


@app.get("/ready")
async def ready():
    return READY


@admin.get("/")
async def administration():
    return {"admin": True}
