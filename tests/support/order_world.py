"""One order, its worker, its provider and its people: every step that one of them may take, one at a time.

All of it happens in one transaction, so that a step is taken back by a savepoint. A worker that dies is one whose
answer nobody notes. Staff tell the truth: they look into the provider's records before they say that money moved.
"""

import asyncio
import copy
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Literal, NamedTuple

import httpx2
import psycopg

from gateway.clients.payments import Outcome, Payment, PaymentFailedError
from gateway.clients.payments.http_provider import HttpPaymentProvider
from tests.support.provider_double import LATER, ProviderDouble

STOCK = 3
Kind = Literal["charge", "refund"]
KINDS: tuple[Kind, Kind] = ("charge", "refund")

TAKE_BACK = "rollback to savepoint step;release savepoint step;"

BOOKS = """
    select o.status, o.withdrawn_at is not null, o.shipped_at is not null, o.buyer_id is null, p.stock,
           (select jsonb_object_agg(j.kind, private.payment_state(j))
            from private.payment_jobs j where j.order_id = o.id),
           array(select array[j.is_sent and j.done_at is null, j.outcome = 'by hand' and j.reference is not null]
                 from private.payment_jobs j where j.order_id = o.id order by j.kind),
           array(select distinct e.type from private.payment_events e
                 where e.order_id = o.id and e.outcome = 'waiting' order by 1)
    from public.orders o cross join public.products p where o.id = '{order}' and p.id = '{product}'"""


class People(NamedTuple):
    """Who acts, and on what."""

    staff: uuid.UUID
    buyer: uuid.UUID
    product: uuid.UUID


@dataclass(frozen=True)
class Books:
    """What the database says."""

    status: str
    is_withdrawn: bool
    is_shipped: bool
    is_nameless: bool
    stock: int
    charge: str
    refund: str | None
    more: tuple[object, ...]
    """Of charge and refund: whether the provider may have heard of it, and whether it did beside a payment by hand."""
    waiting: tuple[str, ...]
    """Events that wait for the charge."""

    @property
    def is_kept(self) -> bool:
        """Whether the shop has the buyer's money, for goods that were or will be sent."""
        return self.status == "shipped" or (self.status == "paid" and not self.is_withdrawn)


@dataclass
class Flight:
    """A worker that has an answer, or none, and has not noted it yet."""

    payment: Payment
    attempt: int
    said: Outcome | PaymentFailedError

    @property
    def key(self) -> tuple[str, str]:
        """All that the future depends on."""
        said = self.said.status if isinstance(self.said, Outcome) else f"failed, sent {self.said.was_sent}"
        return self.payment.kind, said


@dataclass
class Outside:
    """What the database does not know."""

    provider: ProviderDouble = field(default_factory=ProviderDouble)
    flights: list[Flight] = field(default_factory=list)
    by_hand: int = 0

    def copied(self) -> "Outside":
        """Another one of the same past."""
        return Outside(self.provider.copied(), copy.copy(self.flights), self.by_hand)

    @property
    def key(self) -> tuple[object, ...]:
        """All that the future depends on."""
        return self.provider.key(), tuple(flight.key for flight in self.flights), self.by_hand


@dataclass(frozen=True)
class Step:
    """Something that somebody may do now."""

    who: Literal["buyer", "staff", "worker", "provider", "time"]
    what: str
    take: Callable[[], None]

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.who}: {self.what}"


class OrderWorld:
    """An order for one unit, of a shop with nothing else in it."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        people: People,
        *,
        workers: int = 1,
        closes_account: bool = True,
        provider: ProviderDouble | None = None,
    ) -> None:
        """Place it, on a connection of the superuser's, in a transaction.

        So many workers may have an answer in hand; without any, each answer is noted at once.
        """
        self._connection = connection
        self._staff, self._buyer, product = people
        self._workers = workers
        self._loop = asyncio.Runner()
        transport = httpx2.MockTransport(self._answer)
        self._http = HttpPaymentProvider("http://provider.example", None, timeout_s=60, transport=transport)
        self._told = 0
        self.order = ""
        self._reading = "select 1"
        self._before = ""
        self._closes_account = closes_account
        self.outside = Outside(provider or ProviderDouble())
        self.path: list[str] = []
        self.changes: dict[str, set[tuple[str, str]]] = {"status": set(), "charge": set(), "refund": set()}
        self.books = Books("pending", False, False, False, STOCK, "waiting", None, (), ())
        items = json.dumps([{"product_id": str(product), "quantity": 1}])
        answer = self._as(self._buyer, f"public.place_order('{items}', '{uuid.uuid4()}')")
        self.order = str(answer["id"])
        self._reading = BOOKS.format(order=self.order, product=product)
        self._run("select 1")

    def __str__(self) -> str:
        """How it came to where it is."""
        return f"{' → '.join(self.path)}: {self.books}, paid by hand {self.outside.by_hand}, {self.outside.provider}"

    def close(self) -> None:
        """No more steps."""
        self._loop.run(self._http.aclose())
        self._loop.close()

    @property
    def key(self) -> tuple[object, ...]:
        """All that the future depends on."""
        return self.books, self.outside.key

    def attempt(self, step: Step) -> bool:
        """Take a step, to be kept or taken back; false when the shop refused it, which changed nothing."""
        self._before += "savepoint step;"
        self.path.append(step.name)
        try:
            step.take()
        except psycopg.Error as error:
            assert (error.sqlstate or "").startswith("PT4"), f"{error}: {self}"
            self._before = TAKE_BACK
            return False
        return True

    def keep(self) -> None:
        """What was attempted has happened."""
        self._before += "release savepoint step;"

    def finish(self) -> None:
        """Do what is still to be done before the transaction ends."""
        self._run("select 1")

    def take_back(self, books: Books, outside: Outside) -> None:
        """What was attempted has not happened."""
        self._before += TAKE_BACK
        self.path.pop()
        self.books, self.outside = books, outside

    def steps(self) -> Iterator[Step]:
        """All that anybody may do now. What the shop refuses raises psycopg.Error, and changes nothing."""
        yield from self._of_people()
        yield from self._of_workers()
        yield from self._of_provider()
        if self.books.status == "pending" or self.books.refund == "pending":
            yield Step("time", "passes", self._let_time_pass)

    # People ----------------------------------------------------------------------------------------------------------

    def _of_people(self) -> Iterator[Step]:
        if not self.books.is_nameless:
            yield Step("buyer", "cancels", partial(self._call, self._buyer, "cancel_order"))
            if self._closes_account:
                yield Step("buyer", "closes the account", self._close_account)
        for function in ("ship_order", "retry_payment"):
            if function != "retry_payment" or self._may_retry():
                yield Step("staff", function, partial(self._call, self._staff, function))
        if self.books.status != "refunded" or self.outside.by_hand == 0:
            yield Step("staff", "refund_order", self._refund)
        truth = self.outside.provider.truth
        if self.books.status == "pending":
            yield Step("staff", "mark_never_charged", partial(self._call, self._staff, "mark_never_charged", ", 'x'"))
            if truth.get("charge") != "pending":
                yield Step("staff", "mark_paid", self._mark_paid)
        elif self._owes_refund() and truth.get("refund") != "pending":
            yield Step("staff", "mark_refunded", self._mark_refunded)

    def _owes_refund(self) -> bool:
        return self.books.status in ("paid", "shipped") or self.books.refund == "failed"

    def _may_retry(self) -> bool:
        """Of a charge beside a payment by hand, retry_payment says that both are the same money."""
        return "failed" in (self.books.charge, self.books.refund) or (
            self.books.charge == "charged as well" and self.is_balanced()
        )

    def is_balanced(self) -> bool:
        """Whether the shop has been paid once for an order that stands, and nothing for another."""
        return self.outside.provider.balance() + self.outside.by_hand == self.books.is_kept

    def _close_account(self) -> None:
        self._run(f"delete from auth.users where id = '{self._buyer}'")

    def _mark_paid(self) -> None:
        before = self.outside.provider.truth.get("charge")
        self._call(self._staff, "mark_paid")
        self.outside.by_hand = 0 if before == "succeeded" else 1

    def _mark_refunded(self) -> None:
        """What the provider has not given back is given back by hand."""
        self._call(self._staff, "mark_refunded")
        self.outside.by_hand = -self.outside.provider.balance()

    def _refund(self) -> None:
        """What was paid by hand is given back by hand, the rest by the provider."""
        was_refunded = self.books.status == "refunded"
        self._call(self._staff, "refund_order")
        if not was_refunded and self.books.status == "refunded":
            self.outside.by_hand = -self.outside.provider.balance()
        else:
            self.outside.by_hand = min(self.outside.by_hand, 0)

    # The worker ------------------------------------------------------------------------------------------------------

    def _of_workers(self) -> Iterator[Step]:
        flights = self.outside.flights
        if self._is_due() and len(flights) < max(self._workers, 1):
            for will, loses_answer in self._answers():
                what = f"asks: {will}{', lost' * loses_answer}"
                ask = partial(self._ask, will, loses_answer)
                if self._workers:
                    yield Step("worker", what, ask)
                    continue
                fails = loses_answer or will in ("broken", "unreachable")
                for name, note in self._noting("failed" if fails else "said"):
                    yield Step("worker", f"{what}, {name}", partial(self._ask_and, ask, note))
        for place, flight in enumerate(flights):
            yield Step("worker", "dies", partial(self._die, place))
            for name, note in self._noting("said" if isinstance(flight.said, Outcome) else "failed"):
                yield Step("worker", name, partial(note, place))

    def _answers(self) -> Iterator[tuple[str, bool]]:
        undecided = ("pending", "needs action") if self.books.refund is None else ("pending",)
        for will in ("succeeded", "declined", *undecided, "broken", "unreachable"):
            yield will, False
        for will in ("succeeded", *undecided):
            yield will, True

    def _noting(self, how: str) -> Iterator[tuple[str, Callable[[int], None]]]:
        if how == "said":
            yield "notes", self._note
        else:
            yield "tries again", partial(self._postpone, most=99)
            yield "gives up", partial(self._postpone, most=1)

    def _ask_and(self, ask: Callable[[], None], note: Callable[[int], None]) -> None:
        ask()
        note(len(self.outside.flights) - 1)

    def _is_due(self) -> bool:
        return bool({"waiting", "sent"} & {self.books.charge, self.books.refund})

    def _ask(self, will: str, loses_answer: bool) -> None:
        provider = self.outside.provider
        provider.will, provider.loses_answer = will, loses_answer
        order, kind, amount, currency, customer, charge, attempt = self._run(
            "select order_id, kind, amount, currency, customer_id, charge_reference, attempts"
            " from private.claim_payments(1, 0)"
        )
        payment = Payment(order, kind, Decimal(amount), currency, customer, charge)
        self.outside.flights.append(Flight(payment, attempt, self._loop.run(self._pay(payment))))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        return self.outside.provider.answer(request)

    async def _pay(self, payment: Payment) -> Outcome | PaymentFailedError:
        try:
            return await self._http.pay(payment)
        except PaymentFailedError as error:
            return error

    def _die(self, place: int) -> None:
        self._land(place)

    def _land(self, place: int) -> Flight:
        flight = self.outside.flights[place]
        self.outside.flights = [each for each in self.outside.flights if each is not flight]
        return flight

    def _note(self, place: int) -> None:
        flight = self._land(place)
        said = flight.said
        assert isinstance(said, Outcome)
        about = f"'{self.order}', '{flight.payment.kind}'"
        if said.is_decided:
            accepted = said.status == "succeeded"
            self._run(f"select private.settle_payment({about}, {accepted}, {quoted(said.reference)}, null)")
        else:
            rest = f"'{said.status}', {quoted(said.reference)}, {quoted(said.action.url)}, null, null"
            self._run(f"select private.hold_payment({about}, {rest})")

    def _postpone(self, place: int, most: int) -> None:
        flight = self._land(place)
        said = flight.said
        assert isinstance(said, PaymentFailedError)
        about = f"'{self.order}', '{flight.payment.kind}', {flight.attempt}"
        # As the processor does: what was sent in an earlier attempt stays sent.
        was_sent = said.was_sent or flight.payment.kind in self.outside.provider.saved
        self._run(f"select private.postpone_payment({about}, 'no', 0, {most}, {was_sent})")

    # The provider and time -------------------------------------------------------------------------------------------

    def _of_provider(self) -> Iterator[Step]:
        provider = self.outside.provider
        for kind in KINDS:
            for status in LATER.get(provider.truth.get(kind, ""), ()):
                decide = partial(self._decide, kind, status)
                yield Step("provider", f"decides: {kind} {status}", decide)
        if provider.balance() == 1 and self.outside.by_hand >= 0 and "refund" not in provider.truth:
            yield Step("provider", "the shop refunds there", self._refund_there)
        for event in provider.tellable():
            yield Step("provider", f"tells: {event['type']}", partial(self.tell, event))

    def _decide(self, kind: str, status: str) -> None:
        self.outside.provider.decide(kind, status)

    def _refund_there(self) -> None:
        self.outside.provider.refund_by_itself()

    def tell(self, event: dict[str, Any], *, again: bool = False) -> None:
        """The provider's event arrives; `again`: under the id under which it may have come before."""
        self._told += 1
        event = event if again else {**event, "id": f"{event['id']}_{self._told}_{self.order}"}
        self._run(f"select private.receive_payment_event({quoted(json.dumps(event))})")

    def _let_time_pass(self) -> None:
        self._run(
            "set local session_replication_role = replica;"
            f"update public.orders set created_at = created_at - interval '1 day' where id = '{self.order}';"
            "update private.payment_jobs set decide_by = now() - interval '1 s' where undecided is not null;"
            "set local session_replication_role = origin;"
            "select private.expire_orders(10)"
        )

    # The database ----------------------------------------------------------------------------------------------------

    def _call(self, person: uuid.UUID, function: str, more: str = "") -> None:
        self._as(person, f"public.{function}('{self.order}'{more})")

    def _as(self, person: uuid.UUID, call: str) -> Any:
        claims = {"sub": str(person), "role": "authenticated", "app_metadata": {"staff": person == self._staff}}
        return self._run(
            f"select set_config('request.jwt.claims', {quoted(json.dumps(claims))}, true);"
            "set local role authenticated;"
            f"select {call}; reset role",
            place=-3,
        )[0]

    def _run(self, statements: str, place: int = -2) -> tuple[Any, ...]:
        """One round trip, so no parameters: what was to come before, the statements, and what the database says then.

        Returns the row of the statement at that place.
        """
        cursor = self._connection.execute(f"{self._before}{statements};{self._reading}".encode())
        self._before = ""
        if self.order:
            self._note_books(*(cursor.set_result(-1).fetchone() or ()))
        cursor.set_result(place)
        return (cursor.fetchone() or ()) if cursor.description else ()

    def _note_books(self, *facts: Any) -> None:
        before = self.books
        status, is_withdrawn, is_shipped, is_nameless, stock, jobs, more, waiting = facts
        known = tuple(map(tuple, more))
        self.books = Books(
            status,
            is_withdrawn,
            is_shipped,
            is_nameless,
            stock,
            jobs["charge"],
            jobs.get("refund"),
            known,
            tuple(waiting),
        )
        for what, states in self.changes.items():
            change = getattr(before, what) or "none", getattr(self.books, what) or "none"
            if change[0] != change[1]:
                states.add(change)


def quoted(value: object) -> str:
    """A literal of SQL."""
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"
