"""TEMPORARY: the stand-in of the orders part has no rows here."""

from tests.isolation.probes import Table


class Orders(Table):
    columns = "status"


class Items(Table):
    key = "order_id::text"
    columns = "name"
