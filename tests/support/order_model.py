"""What a shop is supposed to do, in plain Python: the model that the database is compared with."""

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass
class Goods:
    """A product."""

    price: Decimal
    stock: int
    active: bool = True


@dataclass
class Bought:
    """An order: what it holds and where it stands; `withdrawn`: its money is to go back."""

    buyer: str | None
    lines: dict[str, int]
    total: Decimal
    status: str = "pending"
    withdrawn: bool = False


@dataclass
class Shelves:
    """All that there is. Methods return the HTTP status, and for new orders their number."""

    products: dict[str, Goods] = field(default_factory=dict)
    orders: list[Bought] = field(default_factory=list)
    keys: dict[tuple[str, str], tuple[dict[str, int], int]] = field(default_factory=dict)

    def place(self, buyer: str, key: str, lines: dict[str, int]) -> tuple[int, int | None]:
        """Once for each key; everything or nothing."""
        if known := self.keys.get((buyer, key)):
            return (200, known[1]) if known[0] == lines else (409, None)
        if any(name not in self.products or not self.products[name].active for name in lines):
            return 404, None
        if any(self.products[name].stock < quantity for name, quantity in lines.items()):
            return 409, None
        for name, quantity in lines.items():
            self.products[name].stock -= quantity
        total = sum((self.products[name].price * quantity for name, quantity in lines.items()), Decimal(0))
        self.orders.append(Bought(buyer, dict(lines), total))
        self.keys[buyer, key] = (dict(lines), len(self.orders) - 1)
        return 200, len(self.orders) - 1

    def cancel(self, order: Bought) -> int:
        """By its buyer: at once while pending, by a refund once paid."""
        if order.status == "shipped":
            return 409
        if order.status == "pending":
            order.status = "cancelled"
            self._restock(order)
        elif order.status == "paid":
            order.withdrawn = True
        return 200

    def expire(self, order: Bought) -> None:
        """Nobody paid in time."""
        if order.status == "pending":
            self.cancel(order)

    def pay(self, order: Bought) -> int:
        """By hand."""
        if order.status == "cancelled":
            return 409
        if order.status == "pending":
            order.status = "paid"
        return 200

    def ship(self, order: Bought) -> int:
        """What is paid, and not to be refunded."""
        if order.status == "shipped":
            return 200
        if order.status != "paid" or order.withdrawn:
            return 409
        order.status = "shipped"
        return 200

    def refund(self, order: Bought) -> int:
        """By hand; goods that were shipped do not come back."""
        if order.status in ("pending", "cancelled"):
            return 409
        if order.status == "paid":
            self._restock(order)
        order.status = "refunded"
        return 200

    def close_account(self, buyer: str) -> None:
        """Pending orders go, others lose their name; keys are forgotten."""
        for order in self.orders:
            if order.buyer == buyer:
                if order.status == "pending":
                    self.cancel(order)
                order.buyer = None
        self.keys = {who: known for who, known in self.keys.items() if who[0] != buyer}

    def delete(self, product: str) -> None:
        """Orders keep their lines."""
        del self.products[product]

    def _restock(self, order: Bought) -> None:
        for name, quantity in order.lines.items():
            if name in self.products:
                self.products[name].stock += quantity
