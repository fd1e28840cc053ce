"""Orders as users make them, and what is said of those that cannot be sent."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from ibwire import orders as o
from ibwire.exceptions import InvalidOrder
from ibwire.order_rules import TYPE_RULES
from ibwire.order_wire import GATEWAY_ONLY, exact, place_request
from ibwire.wire import encode
from ibwire.wire import messages as m

STOCK = m.Contract(con_id=265598, sec_type="STK", exchange="SMART", currency="USD")
FUTURE = m.Contract(con_id=495512557, sec_type="FUT", exchange="CME")


class Cents:
    """A grid of hundredths."""

    def holds(self, price: Decimal) -> bool:
        return self.round(price) == price

    def round(self, price: Decimal) -> Decimal:
        return price.quantize(Decimal("0.01"))


LIMIT = o.limit("BUY", 100, "187.25")

WELL_MADE = [
    replace(o.market("BUY", 1), total_quantity=None, fa_group="All", fa_method="PctChange", fa_percentage="50"),
    o.market("BUY", 1),
    LIMIT,
    o.stop("SELL", 1, 180),
    o.stop_limit("SELL", 1, 179, 180),
    o.trailing_stop("SELL", 1, percent=5, stop_price=180),
    o.trailing_stop("SELL", 1, amount="0.50"),
    o.trailing_stop_limit("SELL", 1, stop_price=180, amount=1, limit_price_offset="0.1"),
    o.market_if_touched("BUY", 1, 170),
    o.limit_if_touched("BUY", 1, 171, 170),
    o.market_on_close("BUY", 1),
    o.limit_on_close("BUY", 1, 188),
    o.market_to_limit("BUY", 1),
    o.relative("BUY", 1, "0.01", price_cap=190),
    o.midprice("BUY", 1, price_cap=190),
    o.pegged_to_market("BUY", 1, "0.01"),
    o.pegged_to_midpoint("BUY", 1, offset="0.01"),
    o.pegged_to_benchmark(
        "BUY",
        1,
        starting_price=180,
        change="0.1",
        reference_con_id=1,
        reference_exchange="ISLAND",
        reference_change=1,
    ),
    o.pegged_to_best("BUY", 1, 190, mid_offset_at_whole="0.01", mid_offset_at_half="0.005"),
    o.adaptive("BUY", 1, limit_price=190, priority=o.Priority.URGENT),
    o.with_algo(o.market("BUY", 1), o.Twap(start_time="20260405 10:30:00 US/Eastern")),
    o.market("BUY", 0, cash_qty=Decimal(500)),
    o.limit("BUY", 1, 1, tif="GTD", good_till_date="20260405-14:30:00"),
    o.limit("BUY", 1, 1, conditions=(o.MarginCondition(percent=10, is_more=False),)),
    o.limit("BUY", 1, 1, soft_dollar_tier=m.SoftDollarTier("a", "b", "c")),
    o.limit("BUY", 1, 1, tif="IOC"),
    o.limit("BUY", 1, 1, tif="OPG"),
    o.limit("BUY", 1, 1, good_after_time="20260405-14:30:00", all_or_none=True),
    o.limit("BUY", 1, 1, tif="GTC", active_start_time="20260405-14:30:00", active_stop_time="20260405-15:30:00"),
    o.limit("BUY", 9, 1, scale_init_level_size=3, scale_price_increment=Decimal("0.01")),
    o.limit("SSHORT", 1, 1, short_sale_slot=2, designated_location="BROKER"),
    o.limit("SSHORT", 1, 1, short_sale_slot=1),
    o.limit("BUY", 1, 1, oca_group="x", oca_type=3),
    o.market("BUY", 0, parent_id=7, hedge_type="F"),
    o.limit("BUY", "0.1234567890123456", 1, perm_id=2**40, order_ref=""),
    o.limit("BUY", 1, 1, display_size=None, discretionary_amt=None, good_till_date="", soft_dollar_tier=None),
    o.limit("BUY", 1, 1, conditions=(o.OtherCondition(m.OrderCondition(type=2)),)),
    o.limit("BUY", 1, 1, conditions=(o.VolumeCondition(con_id=1, exchange="SMART", volume=0, is_more=True),)),
    replace(o.market("BUY", 1), total_quantity=None, cash_qty=Decimal(500)),
    o.limit("BUY", 1, 1, display_size=1, min_qty=1, min_trade_qty=0),
    o.limit("BUY", 1, 1, sl_order_id=4, sl_order_type="STP", pt_order_id=5, pt_order_type="LMT"),
]


@pytest.mark.parametrize("order", WELL_MADE, ids=lambda order: f"{order.order_type}-{order.tif}")
def test_what_the_constructors_make_can_be_sent(order: o.Order) -> None:
    assert o.problems(order, STOCK) == ()
    o.check(order, STOCK, Cents())


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"action": "buy"}, "action is 'buy'; allowed are BUY, SELL"),
    ({"order_type": "LIMIT"}, "order_type is 'LIMIT'; allowed are MKT, LMT"),
    ({"total_quantity": None}, "total_quantity is not set"),
    ({"total_quantity": Decimal(-5)}, "total_quantity is -5"),
    ({"total_quantity": Decimal("NaN")}, "total_quantity is NaN"),
    ({"total_quantity": 100}, "total_quantity is 100; allowed are Decimals"),
    ({"cash_qty": Decimal(5)}, "total_quantity and cash_qty are both set"),
    ({"display_size": 101}, "display_size is 101; allowed are 0 to the total_quantity, 100"),
    ({"min_qty": 2**31 - 1}, "min_qty is 2147483647; allowed are whole numbers of 32 bits"),
    ({"limit_price": None}, "LMT needs limit_price"),
    ({"limit_price": Decimal(0)}, "limit_price is 0; the price of a STK is above 0"),
    ({"limit_price": Decimal("187.255")}, "limit_price is 187.255, between two ticks; the nearest price allowed"),
    ({"limit_price": Decimal("187.2500000000000000001")}, "more digits than IBKR's wire carries"),
    ({"limit_price": Decimal("Infinity")}, "limit_price is Infinity"),
    ({"aux_price": Decimal(3)}, "LMT has no use for aux_price, which is 3"),
    ({"order_type": "MKT"}, "MKT has no use for limit_price"),
    ({"order_type": "TRAIL", "limit_price": None}, "exactly one of aux_price and trailing_percent; there are 0"),
    (
        {"order_type": "TRAIL", "limit_price": None, "aux_price": Decimal(1), "trailing_percent": Decimal(2)},
        "exactly one of aux_price and trailing_percent; there are 2",
    ),
    ({"order_type": "TRAIL", "limit_price": None, "trailing_percent": Decimal(200)}, "trailing_percent is 200"),
    ({"order_type": "TRAIL", "limit_price": None, "aux_price": Decimal(-1)}, "by which a stop trails is above 0"),
    ({"order_type": "LOC", "tif": "GTC"}, "tif is GTC; with LOC allowed are DAY"),
    ({"order_type": "STP LMT", "aux_price": Decimal(1), "tif": "OPG"}, "tif is OPG; with STP LMT allowed"),
    ({"tif": "gtc"}, "tif is 'gtc'"),
    ({"tif": "GTD"}, "tif is GTD, which needs good_till_date"),
    ({"good_till_date": "20260405-14:30:00"}, "good_till_date needs tif GTD; it is DAY"),
    ({"tif": "GTD", "good_till_date": "20260405 14:30:00"}, "is no date with time and zone"),
    ({"tif": "IOC", "good_after_time": "20260405-14:30:00"}, "good_after_time and tif IOC exclude each other"),
    ({"active_start_time": "20260405-14:30:00"}, "need tif GTC"),
    ({"oca_type": 1}, "oca_type is 1 without an oca_group"),
    ({"oca_type": 4, "oca_group": "x"}, "oca_type is 4"),
    ({"algo_params": {"a": "b"}}, "algo_params without an algo_strategy"),
    ({"short_sale_slot": 2}, "needs a designated_location"),
    ({"sl_order_id": 4}, "sl_order_id and sl_order_type need each other"),
    ({"order_ref": "Zürich"}, "order_ref is 'Zürich'; allowed is printable ASCII"),
    ({"leg_prices": (Decimal(1),)}, "leg_prices has 1 prices, the contract 0 combo_legs"),
    ({"conditions": (o.TimeCondition(time="noon"),)}, "condition 1: 'noon' is no date"),
    ({"total_quantity": Decimal("1E+999999999")}, "more than the 16 digits that IBKR's decimals carry"),
    ({"total_quantity": Decimal("1.0000000000000001")}, "more than the 16 digits"),
    ({"limit_price": Decimal("1.7976931348623157E308")}, "more digits than IBKR's wire carries"),  # IBKR's "unset"
    ({"limit_price": Decimal("1E+16")}, "limit_price is 1E+16; no instrument has such a price"),
    ({"transmit": 0}, "transmit is 0; allowed are True and False"),
    ({"outside_rth": "false"}, "outside_rth is 'false'; allowed are True and False"),
    ({"leg_prices": (Decimal("NaN"),)}, "leg_prices 1 is NaN"),
    ({"leg_prices": 5}, "leg_prices is 5; allowed is a tuple"),
    ({"good_after_time": 5}, "good_after_time: 5 is no moment"),
    ({"order_type": ["LMT"]}, "order_type is ['LMT']; allowed are MKT"),
    (
        {"algo_strategy": "Vwap", "algo_params": {"maxPctVol": 0.1}},
        "algo_params is {'maxPctVol': 0.1}; allowed are texts",
    ),
    ({"soft_dollar_tier": "x"}, "soft_dollar_tier is 'x'"),
    ({"perm_id": 1.5}, "perm_id is 1.5; allowed are whole numbers of 64 bits"),
    ({"compete_against_best_offset": Decimal("-Infinity")}, "compete_against_best_offset is -Infinity"),
    ({"good_after_time": "20260405-14:30:00", "tif": "FOK"}, "good_after_time and tif FOK exclude each other"),
    ({"all_or_none": True, "tif": "OPG"}, "all_or_none and tif OPG exclude each other"),
    ({"scale_init_level_size": 5}, "scale_init_level_size needs scale_price_increment"),
    ({"total_quantity": None, "cash_qty": Decimal(0)}, "cash_qty is 0; allowed are amounts above 0"),
    ({"total_quantity": Decimal(0)}, "total_quantity is 0; allowed are quantities above 0"),
    ({"display_size": -1}, "display_size is -1; allowed are 0 to the total_quantity"),
    ({"min_qty": 101}, "min_qty is 101"),
    ({"min_trade_qty": 101}, "min_trade_qty is 101"),
    ({"order_type": "TRAIL", "limit_price": None, "trailing_percent": Decimal(100)}, "trailing_percent is 100"),
    ({"order_type": "TRAIL", "limit_price": None, "trailing_percent": Decimal(0)}, "trailing_percent is 0"),
    ({"order_type": "TRAIL", "limit_price": None, "aux_price": Decimal(0)}, "by which a stop trails is above 0"),
    ({"adjusted_stop_price": Decimal("1.005")}, "adjusted_stop_price is 1.005, between two ticks"),
    ({"pt_order_type": "LMT"}, "pt_order_id and pt_order_type need each other"),
    ({"conditions": o.MarginCondition(percent=5, is_more=True)}, "allowed is a tuple of conditions"),
    ({"conditions": ("x",)}, "condition 1: 'x' is none of PriceCondition"),
]


def price_condition(**changes: Any) -> o.PriceCondition:
    return replace(o.PriceCondition(con_id=1, exchange="SMART", price=Decimal(1), is_more=True), **changes)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (price_condition(con_id=0), "con_id must be that of the instrument"),
        (price_condition(con_id="1"), "con_id is '1'; allowed are whole numbers"),
        (price_condition(price=1.5), "price is 1.5; allowed are Decimals"),
        (price_condition(price=Decimal("NaN")), "price is NaN"),
        (price_condition(is_more=1), "is_more is 1; allowed are True and False"),
        (price_condition(exchange=None), "exchange is None; allowed is printable ASCII"),
        (
            o.VolumeCondition(con_id=1, exchange="SMART", volume=-1, is_more=True),
            "volume is -1; allowed are 0 and more",
        ),
        (o.MarginCondition(percent=101, is_more=True), "percent is 101; allowed are 0 to 100"),
        (
            o.PercentChangeCondition(con_id=1, exchange="SMART", change_percent=Decimal("Infinity"), is_more=True),
            "change_percent is Infinity",
        ),
        (o.TimeCondition(time=5), "5 is no moment"),  # type: ignore[arg-type]
        (o.OtherCondition("x"), "'x' is no OrderCondition"),  # type: ignore[arg-type]
    ],
)
def test_a_condition_that_cannot_be_sent_is_said(condition: o.Condition, said: str) -> None:
    found = o.problems(replace(LIMIT, conditions=(price_condition(), condition)), STOCK)
    assert len(found) == 1
    assert found[0].startswith(f"condition 2: {said}")


STRANGE: list[Any] = [
    *(float("nan"), 1.5, -1, 0, 2**63, True, object(), b"x", "x", "\0", "Zürich", (None,), (1,), [1]),
    *({"a": 1}, {1: "a"}, {"a": "b"}, {}, datetime(2026, 4, 5), m.Contract()),  # noqa: DTZ001 - without a zone
    *map(Decimal, ("NaN", "sNaN", "Infinity", "1E+999999999", "1E-40", "-0")),
]


@pytest.mark.parametrize("name", [one for one in o.Order.__struct_fields__ if one not in GATEWAY_ONLY])
def test_whatever_a_field_is_set_to_it_is_said_or_can_be_sent(name: str) -> None:
    """Nothing else is raised, and nothing is said by the wire only: the order would have been let through by then."""
    for value in STRANGE:
        order = replace(LIMIT, **{name: value})
        if not o.problems(order, STOCK):
            encode(place_request(1, STOCK, order))


def test_a_combination_may_have_its_limit_leg_by_leg() -> None:
    legs = tuple(m.ComboLeg(con_id=at, ratio=1, action="BUY", exchange="SMART") for at in (1, 2))
    spread = m.Contract(symbol="AAPL", sec_type="BAG", exchange="SMART", combo_legs=legs)
    by_leg = replace(LIMIT, limit_price=None, leg_prices=(Decimal(1), Decimal(2)))
    assert o.problems(by_leg, spread) == ()
    for prices in ((), (Decimal(1),), (Decimal(1), None)):
        assert "LMT needs limit_price" in o.problems(replace(by_leg, leg_prices=prices), spread)
    assert o.problems(replace(by_leg, order_type="STP LMT"), spread) == ("STP LMT needs aux_price",)


@pytest.mark.parametrize(("changes", "said"), BROKEN, ids=[said[:40] for _, said in BROKEN])
def test_what_cannot_be_sent_is_said(changes: dict[str, Any], said: str) -> None:
    broken = replace(LIMIT, **changes)
    assert said in "; ".join(o.problems(broken, STOCK, Cents()))
    with pytest.raises(InvalidOrder):
        o.check(broken, STOCK, Cents())


@pytest.mark.parametrize("name", ["con_id", "symbol", "local_symbol", "sec_id"])
def test_a_contract_has_one_of_several_names(name: str) -> None:
    assert o.problems(LIMIT, m.Contract(exchange="SMART", **{name: 1 if name == "con_id" else "AAPL"})) == ()


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        (m.Contract(exchange="SMART"), "names no instrument"),
        (m.Contract(con_id=1), "names no exchange"),
        (m.Contract(con_id=1, exchange="SMART", sec_type="BAG"), "a combo (BAG) without combo_legs"),
    ],
)
def test_a_contract_that_names_nothing_is_said(contract: m.Contract, said: str) -> None:
    assert said in "; ".join(o.problems(LIMIT, contract))


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_price_that_a_float_does_not_carry_is_said_and_no_other(price: Decimal) -> None:
    problems = o.problems(replace(LIMIT, limit_price=price), FUTURE)
    assert bool(problems) == (exact(float(price)) != price)


def test_one_error_names_all_problems() -> None:
    broken = replace(LIMIT, action=None, tif="GTD", total_quantity=Decimal(0))
    with pytest.raises(InvalidOrder, match=r"nothing was sent, the order has 3 problems: .*; .*; ") as caught:
        o.check(broken, STOCK)
    assert caught.value.code is None


@pytest.mark.parametrize("changes", [{"tif": "gtc"}, {"total_quantity": Decimal(-1)}, {"action": "buy"}])
def test_one_mistake_is_said_once(changes: dict[str, Any]) -> None:
    assert len(o.problems(replace(LIMIT, **changes), STOCK, Cents())) == 1


def test_an_order_pegged_to_another_instrument_names_it() -> None:
    prices = {"starting_price": 180, "change": "0.1", "reference_change": 1}
    order = o.pegged_to_benchmark("BUY", 1, reference_con_id=0, reference_exchange="ISLAND", **prices)  # type: ignore[arg-type]
    assert o.problems(order, STOCK) == ("PEG BENCH needs reference_contract_id",)


def test_zero_is_what_gateways_write_into_fields_that_mean_nothing() -> None:
    assert o.problems(o.market("BUY", 1, limit_price=Decimal(0), aux_price=Decimal(0)), STOCK) == ()


def test_a_future_may_cost_less_than_nothing() -> None:
    assert o.problems(o.limit("BUY", 1, "-37.63"), FUTURE, Cents()) == ()


@given(cents=st.integers(1, 10**7), thousandths=st.integers(0, 9))
def test_rounding_puts_prices_on_the_grid_and_leaves_amounts_alone(cents: int, thousandths: int) -> None:
    price = Decimal(cents) / 100 + Decimal(thousandths) / 1000
    trailing = o.trailing_stop_limit("SELL", 1, stop_price=price, amount="0.123", limit_price=price)
    order = o.rounded(trailing, Cents())
    assert o.problems(order, STOCK, Cents()) == ()
    assert abs((order.trail_stop_price or 0) - price) <= Decimal("0.005")
    assert order.aux_price == Decimal("0.123")


def test_every_type_in_the_table_can_be_made_from_what_it_needs() -> None:
    for name, rule in TYPE_RULES.items():
        needed = (*rule.needs, *(group[0] for group in rule.one_of))
        order = replace(o.market("BUY", 10), order_type=name, **dict.fromkeys(needed, Decimal(5)))
        order = replace(order, reference_contract_id=1)
        assert o.problems(order, STOCK) == (), name
        for missing in rule.needs:
            assert o.problems(replace(order, **{missing: None}), STOCK), (name, missing)


# --- constructors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("price", [1.5, True, None, "x", [1]])
def test_a_price_that_is_not_exact_is_refused(price: Any) -> None:
    with pytest.raises(InvalidOrder, match=r"stop_price|aux_price"):
        o.stop("BUY", 1, price) if price is not None else o.check(o.stop("BUY", 1, price), STOCK)


def test_a_field_that_no_order_has_is_refused() -> None:
    with pytest.raises(InvalidOrder, match="no field limt_price, outside_hours"):
        o.market("BUY", 1, limt_price=1, outside_hours=True)


def test_a_field_that_the_constructor_sets_is_not_given_twice() -> None:
    with pytest.raises(InvalidOrder, match="order_type of a LMT order"):
        o.limit("BUY", 1, 1, order_type="MKT")


# --- groups ----------------------------------------------------------------------------------------------------------


def test_a_bracket_is_released_by_its_last_order() -> None:
    made = o.bracket("BUY", 10, limit_price=100, take_profit_price=110, stop_loss_price=90, tif="GTC")
    (parent_id, parent), (profit_id, profit), (loss_id, loss) = made.placed((7, 8, 9))
    assert (parent_id, profit_id, loss_id) == (7, 8, 9)
    assert [order.transmit for order in (parent, profit, loss)] == [False, False, True]
    assert [order.parent_id for order in (parent, profit, loss)] == [0, 7, 7]
    assert [order.action for order in (parent, profit, loss)] == ["BUY", "SELL", "SELL"]
    assert [order.order_type for order in (parent, profit, loss)] == ["LMT", "LMT", "STP"]
    assert all(order.tif == "GTC" and o.problems(order, STOCK) == () for order in (parent, profit, loss))


def test_a_bracket_with_one_child_is_released_by_it() -> None:
    (_, parent), (_, loss) = o.bracket("SELL", 10, stop_loss_price=110).placed((7, 8))
    assert (parent.order_type, parent.transmit) == ("MKT", False)
    assert (loss.action, loss.transmit) == ("BUY", True)


@pytest.mark.parametrize("ids", [(7, 8), (7, 8, 8), (9, 8, 7), ()])
def test_a_bracket_needs_an_ascending_id_for_each_order(ids: tuple[int, ...]) -> None:
    made = o.bracket("BUY", 10, limit_price=100, take_profit_price=110, stop_loss_price=90)
    with pytest.raises(InvalidOrder, match="needs as many order ids"):
        made.placed(ids)


@pytest.mark.parametrize(
    ("action", "prices", "said"),
    [
        ("BUY", {"limit_price": 100}, "needs take_profit_price or stop_loss_price"),
        ("BUY", {"limit_price": 100, "stop_loss_price": 100}, r"stop_loss_price \(100\) must be below limit_price"),
        ("BUY", {"take_profit_price": 90, "stop_loss_price": 100}, "must be below take_profit_price"),
        ("SELL", {"limit_price": 100, "take_profit_price": 110}, r"take_profit_price \(110\) must be below limit"),
        ("sell", {"take_profit_price": 110}, "action is 'sell'"),
    ],
)
def test_a_bracket_the_wrong_way_round_is_refused(action: str, prices: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidOrder, match=said):
        o.bracket(action, 10, **prices)


def test_one_cancels_all() -> None:
    first, second = o.one_cancels_all((o.market("BUY", 1), LIMIT), "group", o.OcaType.REDUCE_WITH_BLOCK)
    assert (first.oca_group, first.oca_type) == (second.oca_group, second.oca_type) == ("group", 2)
    assert o.problems(first, STOCK) == ()
    with pytest.raises(InvalidOrder):
        o.one_cancels_all((LIMIT,), "group")


# --- algorithms ------------------------------------------------------------------------------------------------------


def test_algorithms_speak_ibkrs_names() -> None:
    algo = o.PctVolPx(
        pct_vol=Decimal("0.10"),
        delta_pct_vol=Decimal("0.05"),
        min_pct_vol_4_px=Decimal("0.01"),
        max_pct_vol_4_px=Decimal("0.5"),
        end_time="20260405 16:00:00 US/Eastern",
        no_take_liq=True,
    )
    order = o.with_algo(LIMIT, algo)
    assert order.algo_strategy == "PctVolPx"
    assert order.algo_params == {
        "pctVol": "0.10",
        "deltaPctVol": "0.05",
        "minPctVol4Px": "0.01",
        "maxPctVol4Px": "0.5",
        "endTime": "20260405 16:00:00 US/Eastern",
        "noTakeLiq": "1",
    }
    other = o.AccumulateDistribute(component_size=10, time_between_orders=30, randomize_time_20=False, catch_up=True)
    assert other.params == {
        "componentSize": "10",
        "timeBetweenOrders": "30",
        "randomizeTime20": "0",
        "catchUp": "1",
    }


PUBLISHED = {
    "AD": "componentSize timeBetweenOrders randomizeTime20 randomizeSize55 giveUp catchUp waitForFill activeTimeStart "
    "activeTimeEnd",
    "Adaptive": "adaptivePriority",
    "ArrivalPx": "maxPctVol riskAversion startTime endTime forceCompletion allowPastEndTime monetaryValue",
    "BalanceImpactRisk": "maxPctVol riskAversion forceCompletion",
    "ClosePx": "maxPctVol riskAversion startTime forceCompletion monetaryValue",
    "DarkIce": "displaySize startTime endTime allowPastEndTime monetaryValue",
    "MinImpact": "maxPctVol",
    "PctVol": "pctVol startTime endTime noTakeLiq monetaryValue",
    "PctVolPx": "pctVol deltaPctVol minPctVol4Px maxPctVol4Px startTime endTime noTakeLiq monetaryValue",
    "PctVolSz": "startPctVol endPctVol startTime endTime noTakeLiq monetaryValue",
    "PctVolTm": "startPctVol endPctVol startTime endTime noTakeLiq monetaryValue",
    "Twap": "strategyType startTime endTime allowPastEndTime monetaryValue",
    "Vwap": "maxPctVol startTime endTime allowPastEndTime noTakeLiq monetaryValue speedUp",
}
"""The tags of each algorithm by IBKR's published samples; `speedUp` is in its list of algorithms."""


def test_every_algorithm_has_the_parameters_that_ibkr_publishes() -> None:
    ours = {kind.strategy: {field.encode_name for field in fields(kind)} for kind in o.Algo.__subclasses__()}
    assert ours == {strategy: set(tags.split()) for strategy, tags in PUBLISHED.items()}


@pytest.mark.parametrize(
    ("algo", "problem"),
    [
        (o.Vwap(max_pct_vol=Decimal("NaN")), "max_pct_vol is NaN; allowed are fractions"),
        (o.Vwap(max_pct_vol=10.0), "max_pct_vol is 10.0; allowed are fractions above 0 up to 0.5, as Decimals"),  # type: ignore[arg-type]
        (o.Vwap(monetary_value=Decimal("-1")), "monetary_value is -1; allowed are Decimals above 0"),
        (o.Vwap(no_take_liq=1), "no_take_liq is 1; allowed are True, False"),  # type: ignore[arg-type]
        (o.Twap(strategy_type="Fast"), "strategy_type is 'Fast'; allowed are Marketable, Matching"),  # type: ignore[arg-type]
        (o.Twap(end_time=16), "end_time: 16 is no moment"),  # type: ignore[arg-type]
        (o.DarkIce(display_size=-1), "display_size is -1; allowed are whole numbers"),
        (o.Adaptive(adaptive_priority="Urgently"), "adaptive_priority is 'Urgently'; allowed are Urgent, "),  # type: ignore[arg-type]
    ],
    ids=lambda one: "" if isinstance(one, str) else None,
)
def test_a_parameter_that_ibkr_would_refuse_is_refused_by_its_name(algo: o.Algo, problem: str) -> None:
    with pytest.raises(InvalidOrder, match=re.escape(problem)):
        o.with_algo(LIMIT, algo)


def test_money_may_be_more_than_any_share() -> None:
    order = o.with_algo(o.market("BUY", 1), o.Vwap(monetary_value=Decimal(10_000), max_pct_vol=Decimal("0.5")))
    assert order.algo_params == {"monetaryValue": "10000", "maxPctVol": "0.5"}


def test_an_algorithms_problems_are_said_at_once() -> None:
    with pytest.raises(InvalidOrder, match=r"Vwap: max_pct_vol is 10; .*; Vwap: start_time: .*no date"):
        o.with_algo(LIMIT, o.Vwap(max_pct_vol=Decimal(10), start_time="09:30"))
