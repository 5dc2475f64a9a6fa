"""A single file: items, one of them asked of another server."""

import os

import httpx
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel

app = FastAPI(title="Items")
ITEMS = {1: {"id": 1, "name": "boat"}}


class Item(BaseModel):
    id: int
    name: str


@app.get("/items")
async def items() -> list[Item]:
    return [Item(**each) for each in ITEMS.values()]


@app.get("/items/{key}")
async def item(key: int) -> Item:
    if key not in ITEMS:
        raise HTTPException(404)
    return Item(**ITEMS[key])


@app.post("/echo")
async def echo(request: Request):
    return {"bytes": len(await request.body())}


@app.get("/weather")
async def weather():
    async with httpx.AsyncClient(timeout=120) as client:
        try:
            return {"weather": (await client.get(os.environ.get("WEATHER_URL", "http://127.0.0.1:9/"))).text}
        except httpx.ConnectError as error:
            raise HTTPException(503, str(error)) from error


@app.get("/broken")
async def broken():
    raise RuntimeError("the secret of jane.doe@example.org")
