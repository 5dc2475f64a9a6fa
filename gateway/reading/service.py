"""Reads as the caller, from PostgreSQL, else through the Data API; what cannot be read now is an error, never stale."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from gateway.auth.caller import Caller
from gateway.clients.data_api import DataApi
from gateway.database.backends import Answer, backends, detail_of
from gateway.database.pool import Database
from gateway.errors import DatabaseUnsafeError, NotFoundError, UnauthenticatedError, UnavailableError
from gateway.reading.schemas import MAX_CHARACTERS, Order, ReadOrders, ReadSource, Source
from gateway.resilience.fallback import Degradation, Fallback, first_available


class ReadingService:
    """Reads documents, products and orders by id."""

    def __init__(self, database: Database, *, data_api: DataApi | None = None) -> None:
        """Ask `database`, else `data_api`."""
        self._backends = backends(database, data_api, None)

    async def source(self, source_id: UUID, caller: Caller, skip: int = 0) -> ReadSource:
        """A document or product, with MAX_CHARACTERS of its text from after the first `skip`. NotFoundError."""
        arguments = {"source_id": source_id, "skip": skip, "max_characters": MAX_CHARACTERS}
        answer, missing = await self._read("read_source", arguments, caller)
        if answer["source"] is None:
            raise NotFoundError(f"There is no document or product {source_id} that you may read.")
        return ReadSource(source=Source.model_validate(answer["source"]), degradations=missing)

    async def orders(self, caller: Caller, limit: int) -> ReadOrders:
        """The caller's latest orders. UnauthenticatedError for nobody."""
        return await self._orders({"order_id": None, "max_orders": limit}, caller)

    async def order(self, order_id: UUID, caller: Caller) -> ReadOrders:
        """One order of the caller. UnauthenticatedError for nobody, NotFoundError."""
        found = await self._orders({"order_id": order_id, "max_orders": 1}, caller)
        if not found.orders:
            raise NotFoundError(f"You have no order {order_id}.")
        return found

    async def _orders(self, arguments: Mapping[str, Any], caller: Caller) -> ReadOrders:
        if not caller.is_signed_in:
            raise UnauthenticatedError("Sign in to see your orders.")
        answer, missing = await self._read("my_orders", arguments, caller)
        orders = [Order.model_validate(order) for order in answer["orders"]]
        return ReadOrders(orders=orders, complete=answer["complete"], degradations=missing)

    async def _read(
        self, function: str, arguments: Mapping[str, Any], caller: Caller
    ) -> tuple[Answer, list[Degradation]]:
        chain = [
            Fallback(each.dependency, each.used, partial(each.call, function, arguments, caller), each.unless)
            for each in self._backends
        ]
        return await first_available(chain, is_survivable=_is_survivable, reason=detail_of)


def _is_survivable(error: Exception) -> bool:
    # An unsafe database is the same one however it is asked.
    return isinstance(error, UnavailableError) and not isinstance(error, DatabaseUnsafeError)
