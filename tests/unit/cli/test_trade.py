"""`ibwire buy` and `sell`: which order the options mean, and how an order is said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ibwire.cli.frame import BadOption
from ibwire.cli.order_rows import in_words, is_called
from ibwire.cli.trade import Wish, on_grid
from ibwire.exceptions import InvalidOrder
from ibwire.order_changes import OrderKey
from ibwire.orders import Order, limit, stop_limit, trailing_stop
from ibwire.price_grid import even_grid
from ibwire.wire import messages as m

APPLE = m.Contract(con_id=265598, symbol="AAPL", sec_type="STK", local_symbol="AAPL")
CENTS = even_grid(Decimal("0.01"))


def order(**given: Any) -> Order:
    values = {"action": "BUY", "contract": "AAPL", "quantity": "100", "is_market": False, "limit": None, "stop": None}
    values |= {"trail": None, "tif": "DAY", "outside_rth": False, "account": None, "tag": "", "rounds": False}
    values |= {"is_confirmed": True, "is_what_if": False, "wait_s": None, "as_json": False}
    return Wish(**values | given).order()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"is_market": True}, "BUY 100 AAPL at the market, DAY"),
        ({"limit": "187.20", "tif": "gtc"}, "BUY 100 AAPL at a limit of 187.20, GTC"),
        ({"stop": "180"}, "BUY 100 AAPL at the market once 180 is reached, DAY"),
        ({"stop": "180", "limit": "181"}, "BUY 100 AAPL at a limit of 181 once 180 is reached, DAY"),
        ({"trail": "1.50", "action": "SELL"}, "SELL 100 AAPL with a stop trailing by 1.50, DAY"),
        ({"trail": "2 %"}, "BUY 100 AAPL with a stop trailing by 2 %, DAY"),
        ({"limit": "1", "outside_rth": True}, "BUY 100 AAPL at a limit of 1, DAY, also outside regular hours"),
        ({"limit": "1", "quantity": "0.5"}, "BUY 0.5 AAPL at a limit of 1, DAY"),
    ],
)
def test_the_options_say_which_order_is_meant(given: dict[str, Any], words: str) -> None:
    assert in_words(APPLE, order(**given)) == words


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "say how it is to be priced"),
        ({"is_market": True, "limit": "1"}, "say how it is to be priced"),
        ({"trail": "1", "stop": "2"}, "say how it is to be priced"),
        ({"limit": "1,5"}, "--limit 1,5 is no number"),
        ({"limit": "nan"}, "--limit nan is no number"),
        ({"trail": "%"}, "is no number"),
        ({"is_market": True, "quantity": "many"}, "QUANTITY many is no number"),
    ],
)
def test_what_means_nothing_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises((BadOption, InvalidOrder), match=said):
        order(**given)


def test_every_price_is_held_to_the_grid_and_rounded_only_if_asked() -> None:
    both = stop_limit("BUY", 1, "1.006", "2.001")
    with pytest.raises(BadOption, match=r"1\.006 is no price of AAPL; the nearest are 1\.00 and 1\.01"):
        on_grid(both, CENTS, "AAPL", rounds=False)
    rounded = on_grid(both, CENTS, "AAPL", rounds=True)
    assert (rounded.limit_price, rounded.aux_price) == (Decimal("1.01"), Decimal("2.00"))
    exact = limit("BUY", 1, "1.01")
    assert on_grid(exact, CENTS, "AAPL", rounds=False) == exact
    trailing = trailing_stop("BUY", 1, amount="0.005")  # a distance is no price
    assert on_grid(trailing, CENTS, "AAPL", rounds=False) == trailing


def test_an_order_goes_by_three_names_and_by_nothing_else() -> None:
    key = OrderKey(client_ref="01ABC.1", client_id=1, order_id=7, perm_id=None)
    assert [is_called(name, key) for name in ("01ABC.1", "7", "None", "0", "1", "")] == [True, True, *[False] * 4]
    waiting = OrderKey(client_ref="01ABC.1", client_id=1, order_id=0)
    assert not is_called("0", waiting)
    assert not is_called("None", waiting)
