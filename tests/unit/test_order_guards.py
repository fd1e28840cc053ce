"""The guards: which account, what an order is worth, what may be traded, and how far from the market."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ibwire.exceptions import InvalidOrder, LiveTradingDisabled, OrderLimitExceeded
from ibwire.order_guards import account_for, check_limits, market_price_of, value_of
from ibwire.orders import Order, limit, market, market_if_touched, midprice, relative, stop, trailing_stop
from ibwire.quotes import Quote
from ibwire.settings import TradingSettings
from ibwire.wire import messages as m


def unknown(_: m.Contract) -> Decimal | None:
    return None


SHARE = m.Contract(con_id=1, sec_type="STK", exchange="SMART")
FUTURE = m.Contract(con_id=2, sec_type="FUT", exchange="CME", multiplier=50.0)
PAPER, LIVE = "DU1234567", "U1234567"


@pytest.mark.parametrize(
    ("order", "contract", "value"),
    [
        (limit("BUY", 10, "99.5"), SHARE, Decimal("995.0")),
        (stop("SELL", 10, 90), SHARE, 900),
        (limit("BUY", 2, 5000), FUTURE, 500_000),
        (limit("BUY", 2, -3), FUTURE, 300),
        (market("BUY", 10), SHARE, None),
        (relative("BUY", 10, "0.01"), SHARE, None),  # an offset is no price
        (trailing_stop("SELL", 10, amount="0.50"), SHARE, None),
        (midprice("BUY", 10, price_cap=100), SHARE, None),
        (limit("BUY", 2, 5000), replace(FUTURE, multiplier=None), None),
        (limit("BUY", 2, 5000), m.Contract(con_id=2, exchange="CME"), None),
        (limit("BUY", 2, 5000), replace(FUTURE, multiplier=None, sec_type="fut"), None),
        (limit("BUY", 2, 5000), replace(FUTURE, multiplier=float("nan")), None),
        (limit("BUY", 2, 99), m.Contract(con_id=3, sec_type="BOND", exchange="SMART"), None),  # its price is in percent
        (limit("BUY", 2, 0), FUTURE, None),
        (limit("BUY", 10, 100, discretionary_amt=Decimal(900)), SHARE, 10_000),
        (limit("SELL", 10, 100, discretionary_amt=Decimal(90)), SHARE, 1000),
        (replace(market("BUY", 1), total_quantity=None, cash_qty=Decimal(700)), SHARE, 700),
    ],
)
def test_value_is_at_the_orders_own_price_or_not_known(order: Order, contract: m.Contract, value: Decimal) -> None:
    assert value_of(order, contract) == value


@pytest.mark.parametrize(
    "changes", [{"limit_price": Decimal("NaN")}, {"total_quantity": Decimal("NaN")}, {"cash_qty": Decimal("Infinity")}]
)
def test_what_is_no_number_passes_no_guard(changes: dict[str, Decimal]) -> None:
    """ib_async's orders are not checked otherwise on a connection of its own."""
    with pytest.raises(InvalidOrder, match=f"{next(iter(changes))} is "):
        check_limits(replace(limit("BUY", 1, 1), **changes), SHARE, TradingSettings(), unknown)


def test_a_quantity_below_zero_is_held_to_the_limits_all_the_same() -> None:
    order = limit("BUY", -50, 100)
    for settings in (TradingSettings(max_order_quantity=Decimal(10)), TradingSettings(max_order_value=Decimal(1000))):
        with pytest.raises(OrderLimitExceeded):
            check_limits(order, SHARE, settings, unknown)


def test_an_order_without_a_quantity_cannot_be_held_to_one() -> None:
    for order in (
        replace(market("BUY", 1), total_quantity=None, cash_qty=Decimal(700)),
        replace(market("BUY", 1), total_quantity=None, fa_group="All", fa_percentage="50"),
        replace(market("BUY", 1), total_quantity=Decimal(0), cash_qty=Decimal(700)),
        market("BUY", 0, hedge_type="F"),
    ):
        with pytest.raises(OrderLimitExceeded, match=r"names no quantity, .*guard: max_order_quantity"):
            check_limits(order, SHARE, TradingSettings(max_order_quantity=Decimal(1000)), unknown)


@pytest.mark.parametrize(
    "order", [limit("SELL", 10, "0.01"), stop("BUY", 10, "0.01"), market_if_touched("SELL", 10, "0.01")]
)
def test_value_is_at_the_market_where_that_is_known_and_more(order: Order) -> None:
    """Each of these trades at once, at the market: its own price says nothing about what it costs."""
    settings = TradingSettings(max_order_value=Decimal(999))
    with pytest.raises(OrderLimitExceeded, match="a value of 1000 is above 999"):
        check_limits(order, SHARE, settings, lambda _: Decimal(100))
    check_limits(order, SHARE, settings, unknown)
    check_limits(order, SHARE, settings, lambda _: Decimal(99))


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.integers(1, 10_000), st.integers(1, 10**7))
def test_nothing_above_a_limit_passes(quantity: int, price: int, most: int, worth: int) -> None:
    settings = TradingSettings(max_order_quantity=Decimal(most), max_order_value=Decimal(worth))
    try:
        check_limits(limit("BUY", quantity, price), SHARE, settings, unknown)
    except OrderLimitExceeded:
        assert quantity > most or quantity * price > worth
    else:
        assert quantity <= most
        assert quantity * price <= worth


def test_the_account_is_the_one_given_or_the_only_one() -> None:
    order = limit("BUY", 1, 1)
    assert account_for(order, TradingSettings(), (PAPER,)) == PAPER
    assert account_for(replace(order, account=PAPER), TradingSettings(), (PAPER, LIVE)) == PAPER
    with pytest.raises(InvalidOrder, match="2 accounts"):
        account_for(order, TradingSettings(), (PAPER, "DU7654321"))
    with pytest.raises(LiveTradingDisabled):
        account_for(order, TradingSettings(account=LIVE), (PAPER, LIVE))
    assert account_for(order, TradingSettings(account=LIVE, allow_live=True), (PAPER, LIVE)) == LIVE


def test_an_advisers_group_needs_no_account() -> None:
    order = replace(limit("BUY", 1, 1), fa_group="All", fa_method="EqualQuantity")
    assert account_for(order, TradingSettings(), ("DF1234567", PAPER, "DU7654321")) is None
    assert account_for(replace(order, account=PAPER), TradingSettings(), (PAPER, "DU7654321")) == PAPER
    assert account_for(order, TradingSettings(allow_live=True), (PAPER, LIVE)) is None
    for to_one in (order, replace(order, account=PAPER)):  # an account beside it does not take the group away
        with pytest.raises(LiveTradingDisabled, match="accounts of the login are live ones"):
            account_for(to_one, TradingSettings(), (PAPER, LIVE))
    with pytest.raises(InvalidOrder, match="the login has no accounts"):
        account_for(order, TradingSettings(), ())
    with pytest.raises(InvalidOrder, match="the settings for one"):
        account_for(order, TradingSettings(account=PAPER), (PAPER, "DU7654321"))


def spread_of(*con_ids: int) -> m.Contract:
    legs = tuple(m.ComboLeg(con_id=con_id, ratio=1, action="BUY", exchange="SMART") for con_id in con_ids)
    return m.Contract(symbol="AAPL", sec_type="BAG", exchange="SMART", combo_legs=legs)


@pytest.mark.parametrize(
    ("contract", "is_allowed"),
    [
        (m.Contract(symbol="AAPL"), True),
        (m.Contract(con_id=7), True),
        (m.Contract(symbol="TSLA", con_id=7), True),
        (m.Contract(symbol="TSLA", con_id=8), False),
        (m.Contract(con_id=8), False),
        (m.Contract(symbol="aapl"), False),
        (spread_of(7, 9), True),
        (spread_of(7, 8), False),
        (spread_of(), False),
        (replace(spread_of(7, 8), sec_type="STK"), False),  # whatever it calls itself
    ],
)
def test_only_what_is_allowed_by_symbol_or_con_id_passes(contract: m.Contract, is_allowed: bool) -> None:
    settings = TradingSettings(allowed_symbols=("AAPL",), allowed_con_ids=("7", "9"))
    if is_allowed:
        check_limits(market("BUY", 1), contract, settings, unknown)
    else:
        with pytest.raises(OrderLimitExceeded, match=r"none of AAPL, 7, 9 \(guards: allowed_symbols, allowed_con_ids"):
            check_limits(market("BUY", 1), contract, settings, unknown)


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 100))
def test_a_limit_further_from_the_market_than_allowed_is_refused(price: int, at: int, percent: int) -> None:
    settings = TradingSettings(max_distance_percent=Decimal(percent))
    is_too_far = abs(price - at) * 100 > percent * at
    if is_too_far:
        with pytest.raises(OrderLimitExceeded, match=f"more than {percent} % .guard: max_distance_percent"):
            check_limits(limit("SELL", 1, price), SHARE, settings, lambda _: Decimal(at))
    else:
        check_limits(limit("SELL", 1, price), SHARE, settings, lambda _: Decimal(at))


@pytest.mark.parametrize(
    "order",
    [
        replace(market("BUY", 1), order_type=kind, limit_price=Decimal(200))
        for kind in ("LMT", "STP LMT", "LIT", "LOC", "FUNARI", "PEG BEST", "TRAIL LIMIT", "LMT + MKT")
    ]
    + [
        limit("BUY", 1, 100, discretionary_amt=Decimal(100)),
        limit("SELL", 1, 100, discretionary_amt=Decimal(90)),
    ],
    ids=lambda order: f"{order.order_type} {order.limit_price}",
)
def test_every_limit_is_held_to_the_distance_with_what_it_may_go_beyond(order: Order) -> None:
    settings = TradingSettings(max_distance_percent=Decimal(50))
    with pytest.raises(OrderLimitExceeded, match=r"from 100, more than 50 % \(guard: max_distance_percent"):
        check_limits(order, SHARE, settings, lambda _: Decimal(100))


def test_limits_of_single_legs_cannot_be_held_to_the_market() -> None:
    by_leg = replace(limit("BUY", 1, 1), limit_price=None, leg_prices=(Decimal(1), Decimal(2)))
    with pytest.raises(OrderLimitExceeded, match="limits of single legs cannot be held to 5 %"):
        check_limits(by_leg, spread_of(1, 2), TradingSettings(max_distance_percent=Decimal(5)), lambda _: Decimal(1))
    spread = replace(spread_of(1, 2), multiplier=1.0)
    with pytest.raises(OrderLimitExceeded, match=r"cannot be known, .* held to 5 \(guard: max_order_value"):
        check_limits(by_leg, spread, TradingSettings(max_order_value=Decimal(5)), lambda _: Decimal(1))
    trailing = replace(limit("SELL", 1, 1), order_type="TRAIL LIMIT", limit_price=None, limit_price_offset=Decimal(1))
    check_limits(trailing, SHARE, TradingSettings(max_distance_percent=Decimal(5)), lambda _: Decimal(1))


def test_a_source_of_prices_may_give_floats_and_what_is_no_price_is_unknown() -> None:
    settings, order = TradingSettings(max_distance_percent=Decimal(5)), limit("BUY", 1, 100)
    check_limits(order, SHARE, settings, lambda _: 100.1)  # type: ignore[arg-type,return-value]
    for price in (float("nan"), Decimal("NaN"), Decimal("Infinity"), "100"):
        with pytest.raises(OrderLimitExceeded, match="not known"):
            check_limits(order, SHARE, settings, lambda _, price=price: price)  # type: ignore[misc]


def test_a_distance_from_an_unknown_market_is_refused_and_no_limit_has_none() -> None:
    settings = TradingSettings(max_distance_percent=Decimal(5))
    for price in (None, Decimal(0)):
        with pytest.raises(OrderLimitExceeded, match="not known"):
            check_limits(limit("BUY", 1, 100), SHARE, settings, lambda _, price=price: price)  # type: ignore[misc]
    for order in (market("BUY", 1), stop("SELL", 1, 90)):
        check_limits(order, SHARE, settings, unknown)


@pytest.mark.parametrize(
    ("quote", "price"),
    [
        (None, None),
        (Quote(SHARE), None),
        (Quote(SHARE, bid=99.9, ask=100.1, last=90.0), Decimal(100)),
        (Quote(SHARE, bid=99.9, last=90.0), Decimal(90)),
        (Quote(SHARE, bid=99.9, ask=100.1, is_stale=True), None),
        (Quote(SHARE, bid=99.9, ask=100.1, is_delayed=True), Decimal(100)),
        (Quote(SHARE, bid=-1.0, ask=1.0), None),
        (Quote(SHARE, bid=0.0, ask=100.0), None),
        (Quote(SHARE, bid=0.0, ask=100.0, last=99.0), Decimal(99)),
        (Quote(SHARE, last=0.0), None),
    ],
)
def test_the_market_is_between_bid_and_ask_or_the_last_price_or_unknown(
    quote: Quote | None, price: Decimal | None
) -> None:
    assert market_price_of(quote) == price
