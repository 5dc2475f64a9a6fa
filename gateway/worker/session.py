"""One connection of a loop and the statements of sql/queries that are run on it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from gateway.database.connection import Connection, DatabaseError, DictRow, is_transient
from gateway.database.queries import query

MAX_COLLISIONS = 5


class Session:
    """Statements wait for each other, since a connection does one thing at a time. All raise DatabaseError."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self.connection = connection
        self.turn = asyncio.Lock()
        """To be held for `run`."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Several statements that happen together, by `run`, or not at all."""
        async with self.turn, self.connection.transaction():
            yield

    async def run(self, name: str, parameters: Mapping[str, object] | None = None) -> list[DictRow]:
        """The rows of a query, while the caller has its turn."""
        cursor = await self.connection.execute(query(name), parameters)
        return await cursor.fetchall() if cursor.description else []

    async def fetch(self, name: str, parameters: Mapping[str, object] | None = None) -> list[DictRow]:
        """The rows of a query."""
        async with self.turn:
            return await self.run(name, parameters)

    async def persist(self, name: str, **parameters: object) -> list[DictRow]:
        """The same, run again when it lost against another transaction."""
        async with self.turn:
            for _ in range(MAX_COLLISIONS):
                try:
                    return await self.run(name, parameters)
                except DatabaseError as error:
                    if not is_transient(error):
                        raise
            return await self.run(name, parameters)

    async def step(self, name: str, **parameters: int) -> int:
        """Do a step of maintenance, the query of that name; how much it did. 0 when somebody holds what it needs."""
        try:
            (row,) = await self.fetch(name, parameters)
        except DatabaseError as error:
            if not is_transient(error):
                raise
            return 0
        return int(row["steps"])
