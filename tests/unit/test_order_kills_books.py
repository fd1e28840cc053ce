"""What compares the books after a kill finds each thing that can be wrong: shown by making it wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from msgspec.structs import replace

from ibwire.orders import limit, market
from ibwire.simulator.state import GatewayState, ReceivedOrder
from tests.chaos.order_kills_books import Written, read, wrongs
from tests.chaos.order_kills_child import Shown, books
from tests.helpers.trading_floor import APPLE, a_moment, floor
from tests.helpers.virtual_time import on_virtual_time

CLIENT_ID = 1


@dataclass
class Books:
    """The three sides that are compared."""

    truth: GatewayState
    written: Written
    shown: list[Shown]

    def wrongs(self) -> list[str]:
        return wrongs(self.truth, self.written, self.shown, CLIENT_ID)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Of a session with an order that filled, one that works with fills, one refused and one cancelled."""
    path, made = tmp_path_factory.mktemp("books"), list[Books]()

    @on_virtual_time
    async def trade() -> None:
        async with floor(path) as (gateway, session):
            orders = (market("BUY", 10), limit("BUY", 500, "100.1"), limit("BUY", 1, "99.001"), limit("SELL", 5, 103))
            handles = [await session.trading.place(APPLE, order) for order in orders]
            await a_moment()
            await handles[1].modify(total_quantity=Decimal(400))
            await handles[3].cancel()
            await a_moment()
            shown = await books(session)
            made.append(Books(gateway.state(), read(path / "journal.sqlite3", CLIENT_ID), shown))

    trade()
    return made[0]


@pytest.fixture
def right(made: Books) -> Books:
    """Books of one's own, to make them wrong."""
    orders = dict(made.written.orders)
    return Books(made.truth, replace(made.written, orders=orders), list(made.shown))


def test_nothing_is_wrong_with_what_is_right(right: Books) -> None:
    assert right.wrongs() == []
    assert len(right.shown) == len(right.written.orders) == 4
    assert len(right.truth.orders) == 3


def double(books: Books) -> None:
    first = books.truth.orders[0]
    books.truth = replace(books.truth, orders=[*books.truth.orders, replace(first, order_id=9, perm_id=9)])


def fill_more(books: Books) -> None:
    first, *rest = books.truth.orders
    books.truth = replace(books.truth, orders=[replace(first, filled=first.filled + 1), *rest])


def execute_again(books: Books) -> None:
    one = books.truth.executions[0]
    books.truth = replace(books.truth, executions=[*books.truth.executions, replace(one, exec_id="another")])


def charge_more(books: Books) -> None:
    one, *rest = books.truth.executions
    books.truth = replace(books.truth, executions=[replace(one, commission=Decimal(99)), *rest])


def end_otherwise(books: Books) -> None:
    first, second, third = books.truth.orders
    books.truth = replace(books.truth, orders=[first, replace(second, status="Cancelled"), third])


def change_quantity(books: Books) -> None:
    first, second, third = books.truth.orders
    books.truth = replace(books.truth, orders=[first, replace(second, quantity=Decimal(500)), third])


def rename(books: Books) -> None:
    first, *rest = books.truth.orders
    books.truth = replace(books.truth, orders=[replace(first, perm_id=9), *rest])


def forget_order(books: Books) -> None:
    ref = next(iter(books.written.orders))
    orders = {name: order for name, order in books.written.orders.items() if name != ref}
    books.written = replace(books.written, orders=orders, begun=orders.keys(), ids=books.written.ids[1:])


def lose_at_gateway(books: Books) -> None:
    books.truth = replace(books.truth, orders=books.truth.orders[1:])


def go_back(books: Books) -> None:
    *first, _ = books.written.ids
    books.written = replace(books.written, ids=[*first, first[-1] - 1])


def lower_mark(books: Books) -> None:
    books.written = replace(books.written, mark=1)


def receive_twice(books: Books) -> None:
    first, *rest = books.truth.orders_received
    books.truth = replace(books.truth, orders_received=[replace(first, times_received=2), *rest])


def receive_unknown(books: Books) -> None:
    unknown = ReceivedOrder(client_id=CLIENT_ID, order_id=77, times_received=1)
    books.truth = replace(books.truth, orders_received=[*books.truth.orders_received, unknown])


def stop_following(books: Books) -> None:
    del books.shown[1]


def believe_otherwise(books: Books) -> None:
    books.shown[0] = replace(books.shown[0], filled=Decimal(1))


def doubt(books: Books) -> None:
    books.shown[0] = replace(books.shown[0], doubts=("why?",))


def hold_more(books: Books) -> None:
    (one,) = books.truth.positions
    books.truth = replace(books.truth, positions=[replace(one, quantity=one.quantity + 1)])


def damage(books: Books) -> None:
    books.written = replace(books.written, problems=["record 2 is missing"])


@pytest.mark.parametrize(
    ("make_wrong", "said"),
    [
        (double, "has 2 orders"),
        (fill_more, "has filled 10, at the gateway 11"),
        (execute_again, "has the fills"),
        (charge_more, "has the commissions"),
        (end_otherwise, "is partially_filled, at the gateway Cancelled"),
        (change_quantity, "is for 400, at the gateway for 500"),
        (rename, ", 9 at the gateway"),
        (forget_order, "the journal does not"),
        (lose_at_gateway, "is filled, and the gateway does not have it"),
        (go_back, "was used after"),
        (lower_mark, "the mark is 1"),
        (receive_twice, "came 2 times"),
        (receive_unknown, "the journal has no intent of it"),
        (stop_following, "is partially_filled, and nobody follows it"),
        (believe_otherwise, "for the process"),
        (doubt, "is in doubt: ('why?',)"),
        (hold_more, "the journal's fills make"),
        (damage, "record 2 is missing"),
    ],
)
def test_what_is_wrong_is_said(right: Books, make_wrong: Callable[[Books], None], said: str) -> None:
    make_wrong(right)
    assert any(said in one for one in right.wrongs()), right.wrongs()
