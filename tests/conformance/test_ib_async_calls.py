"""The same calls into ib_async's wrapper: as text at version 178 through its own decoder, as protobuf through ours.

Every field that both dialects have is random, and may be absent. Not compared are the fields that only protobuf has
(`_ONLY_OURS`, and the parts of a contract that a text message leaves out), the spelling of margins, which ib_async
keeps as text, and the order of tags and values, which are a map in protobuf. What has no message of ours stands in
`NOT_ON_THE_WIRE`.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC
from functools import cache
from types import SimpleNamespace
from typing import Any, get_args, get_origin, get_type_hints

import ib_async
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ib_async.decoder import Decoder
from msgspec import Struct
from msgspec.structs import fields as struct_fields
from msgspec.structs import replace

from ibwire.ib_async.incoming import CALLS, NOT_ON_THE_WIRE
from ibwire.wire import encode
from ibwire.wire import messages as m
from ibwire.wire.codec import SERVER_MESSAGES
from ibwire.wire.ids import INCOMING, BondContractData
from tests.helpers import text_dialect as dialect
from tests.helpers.campaigns import campaign_settings

VERSION = 178

NUMBERS_IN_TEXT = {
    *("size", "size_bid", "size_ask", "volume", "wap", "position", "filled", "remaining", "shares", "cum_qty"),
    *("total_quantity", "filled_quantity", "min_tick", "min_size", "size_increment", "suggested_size_increment"),
}
"""Fields that are text on the wire and numbers in meaning."""

_DETAILS_OF_STOCKS = ("contract_month", "industry", "category", "subcategory", "time_zone_id", "trading_hours")
_ONLY_OURS: dict[type, tuple[str, ...]] = {
    m.ErrorMessage: ("error_time",),
    m.TickReqParams: ("last_price_precision", "last_size_precision"),
    m.Execution: ("submitter", "opt_exercise_or_lapse_type"),
    m.OrderState: (
        *("margin_currency", "suggested_size", "reject_reason", "order_allocations"),
        *(
            f"{kind}_{when}_outside_rth"
            for kind in ("init_margin", "maint_margin", "equity_with_loan")
            for when in ("before", "change", "after")
        ),
    ),
    m.Order: (
        *("order_id", "transmit", "active_start_time", "active_stop_time", "scale_table", "algo_id", "ext_operator"),
        *("override_percentage_constraints", "order_misc_options", "advanced_error_override", "manual_order_time"),
        *("mifid2_decision_maker", "mifid2_decision_algo", "mifid2_execution_trader", "mifid2_execution_algo"),
        *("customer_account", "professional_customer", "bond_accrued_interest", "include_overnight"),
        *("manual_order_indicator", "submitter", "deactivate", "post_only", "allow_pre_open", "ignore_open_auction"),
        *("seek_price_improvement", "what_if_type", "hedge_max_size", "conditions_include_overnight"),
    ),
}
"""By class: the fields that the text of version 178 has in no message."""

_NOT_OF_OPEN = ("auto_cancel_date", "filled_quantity", "ref_futures_con_id", "shareholder", "imbalance_only")
_NOT_OF_OPEN += ("route_marketable_to_bbo", "parent_perm_id")
_NOT_OF_COMPLETED = (
    *("client_id", "block_order", "parent_id", "delta_neutral_settling_firm", "delta_neutral_clearing_account"),
    *("delta_neutral_clearing_intent", "delta_neutral_open_close", "opt_out_smart_routing", "what_if"),
    *("adjusted_order_type", "trigger_price", "adjusted_stop_price", "adjusted_stop_limit_price"),
    *("adjusted_trailing_amount", "adjustable_trailing_unit", "soft_dollar_tier", "discretionary_up_to_limit_price"),
    *("use_price_mgmt_algo", "duration", "post_to_ats"),
)

# --- random records

_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
_double = st.sampled_from([0.0, -1.0, -2.0, 1e-7, 123456789.25]) | st.floats(-1e9, 1e9, allow_subnormal=False)
_integer = st.sampled_from([0, 1, -1, 2**31 - 2]) | st.integers(-(2**31), 2**31 - 2)
_decimal = st.decimals(-(10**9), 10**9, places=4).map(lambda one: format(one, "f"))
_seconds = st.integers(0, 4_000_000_000)

_SPECIAL: dict[tuple[type, str], st.SearchStrategy[Any]] = {
    (m.Contract, "multiplier"): st.sampled_from([None, 1.0, 100.0, 1000.0, 0.5]),
    (m.Contract, "last_trade_date_or_contract_month"): st.sampled_from([None, "20261218", "202612"]),
    (m.ContractDetails, "ev_multiplier"): st.none() | st.integers(0, 100).map(float),
    (m.ContractDetails, "coupon"): st.none(),  # their decoder fails over a coupon with a point
    (m.ContractDetails, "long_name"): st.none() | st.text("ABC xyz.&'", max_size=9),
    (m.Execution, "time"): st.sampled_from(
        ["20261120 09:30:00 US/Eastern", "20261120  15:59:59", "20260105 10:00:00 Europe/Amsterdam"]
    ),
    (m.CommissionAndFeesReport, "yield_redemption_date"): st.none() | st.integers(0, 20991231).map(str),
    (m.HistogramDataEntry, "size"): st.integers(0, 10**9).map(str),
    (m.TickByTickData, "tick_type"): st.just(0),  # set by which tick there is
    (m.Order, "order_type"): st.sampled_from(["LMT", "PEG BENCH", "VOL", "REL"]),
    (m.Order, "use_price_mgmt_algo"): st.sampled_from([None, 0, 1]),
    (m.Order, "route_marketable_to_bbo"): st.sampled_from([None, 0, 1]),
    (m.OrderCondition, "type"): st.sampled_from(sorted(dialect.CONDITIONS)),
}


@cache
def records(kind: type[Struct], *, is_whole: bool = False) -> st.SearchStrategy[Any]:
    """Random records; of a whole one every field is there."""
    hints = get_type_hints(kind)
    parts = {}
    for field in struct_fields(kind):
        if field.name in _ONLY_OURS.get(kind, ()):
            continue
        if (kind, field.name) in _SPECIAL:
            parts[field.name] = _SPECIAL[kind, field.name]
        else:
            parts[field.name] = _values(field.name, hints[field.name], is_whole=is_whole)
    return st.builds(kind, **parts)


def _values(name: str, hint: Any, *, is_whole: bool) -> st.SearchStrategy[Any]:
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        # Rows have all their fields: their text cannot leave one out.
        rows = (
            records(inner, is_whole=True)
            if isinstance(inner, type) and issubclass(inner, Struct)
            else _simple(name, inner)
        )
        return st.lists(rows, max_size=3).map(tuple)
    if get_origin(hint) is dict:
        return st.dictionaries(_text.filter(bool), _text, max_size=2)
    (inner,) = [one for one in get_args(hint) if one is not type(None)]
    if issubclass(inner, Struct):
        return records(inner, is_whole=is_whole)
    return _simple(name, inner) if is_whole or name == "req_id" else st.none() | _simple(name, inner)


def _simple(name: str, kind: type) -> st.SearchStrategy[Any]:
    if kind is str:
        return _decimal if name in NUMBERS_IN_TEXT else _text
    if name in ("time", "current_time") and kind is int:
        return _seconds
    return {bool: st.booleans(), int: _integer, float: _double}[kind]


def _only(contract: m.Contract, names: tuple[str, ...]) -> m.Contract:
    """A contract of which only these fields are said."""
    said = {name: getattr(contract, name) for name in names}
    return replace(m.Contract(con_id=None), **said)


def _order_contract(contract: m.Contract) -> m.Contract:
    legs = tuple(replace(leg) for leg in contract.combo_legs)
    return _only(
        replace(contract, combo_legs=legs),
        (*dialect.LONG, "combo_legs_descrip", "combo_legs", "delta_neutral_contract"),
    )


def _told_order(order: m.Order, absent: tuple[str, ...]) -> m.Order:
    """An order as text can say it: parts of it are there only if another field says so."""
    out: set[str] = set(absent)
    names = {field.name for field in struct_fields(m.Order)}
    if not order.delta_neutral_order_type:
        out |= {one for one in names if one.startswith("delta_neutral_")} - {"delta_neutral_aux_price"}
    if not order.scale_price_increment or order.scale_price_increment < 0:
        kept = {"scale_init_level_size", "scale_subs_level_size", "scale_price_increment"}
        out |= {one for one in names if one.startswith("scale_")} - kept
    if not order.hedge_type:
        out |= {"hedge_param"}
    if not order.algo_strategy:
        out |= {"algo_params"}
    if order.order_type != "PEG BENCH":
        out |= {"reference_contract_id", "is_pegged_change_amount_decrease", "pegged_change_amount"}
        out |= {"reference_change_amount", "reference_exchange_id"}
    if not order.conditions:
        out |= {"conditions_ignore_rth", "conditions_cancel_order"}
    conditions = tuple(
        replace(
            one,
            **{
                field.name: None
                for field in struct_fields(m.OrderCondition)
                if field.name not in ("type", "is_conjunction_connection", *dialect.CONDITIONS[one.type])
            },
        )
        for one in order.conditions
    )
    blank: dict[str, Any] = dict.fromkeys(out, None) | {
        "algo_params": {} if "algo_params" in out else order.algo_params
    }
    return replace(order, conditions=conditions, **blank)


def as_text_can_say(message: Any) -> Any:
    """The message without what the text of version 178 does not have in it."""
    match message:
        case m.OpenOrder():
            state = replace(message.order_state, completed_time=None, completed_status=None)
            order = _told_order(message.order, _NOT_OF_OPEN)
            return replace(message, contract=_order_contract(message.contract), order=order, order_state=state)
        case m.CompletedOrder():
            told = ("status", "completed_time", "completed_status")
            state = m.OrderState(**{name: getattr(message.order_state, name) for name in told})
            order = _told_order(message.order, _NOT_OF_COMPLETED)
            return replace(message, contract=_order_contract(message.contract), order=order, order_state=state)
        case BondContractData():
            names = ("symbol", "sec_type", "last_trade_date_or_contract_month", "exchange", "currency")
            return replace(
                message,
                contract=_only(message.contract, (*names, "trading_class", "con_id")),
                contract_details=_details(message.contract_details, is_bond=True),
            )
        case m.ContractData():
            return replace(
                message,
                contract=_only(message.contract, (*dialect.LONG, "primary_exch")),
                contract_details=_details(message.contract_details, is_bond=False),
            )
        case m.PortfolioValue():
            return replace(message, contract=_only(message.contract, dialect.PORTFOLIO))
        case m.Position() | m.PositionMulti() | m.ExecutionDetails():
            return replace(message, contract=_only(message.contract, dialect.LONG))
        case m.SymbolSamples():
            names = ("con_id", "symbol", "sec_type", "primary_exch", "currency", "description", "issuer_id")
            rows = [replace(one, contract=_only(one.contract, names)) for one in message.contract_descriptions]
            return replace(message, contract_descriptions=tuple(rows))
        case m.ScannerData():
            names = (*dialect.SCANNED, "trading_class")
            rows = [replace(one, contract=_only(one.contract, names)) for one in message.scanner_data_element]
            return replace(message, scanner_data_element=tuple(rows))
        case m.TickByTickData():
            return _one_tick(message)
        case m.MarketDepth():
            row = replace(message.market_depth_data, market_maker=None, is_smart_depth=None)
            return replace(message, market_depth_data=row)
    return message


_BOND = {
    *("market_name", "cusip", "coupon", "issue_date", "ratings", "bond_type", "coupon_type", "convertible", "callable"),
    *("puttable", "desc_append", "next_option_date", "next_option_type", "next_option_partial", "bond_notes"),
}
_STOCK = {*_DETAILS_OF_STOCKS, "liquid_hours", "under_symbol", "under_sec_type", "real_expiration_date", "stock_type"}
_STOCK |= {"market_name", "price_magnifier", "under_con_id"}
_BOTH = {"min_tick", "order_types", "valid_exchanges", "long_name", "ev_rule", "ev_multiplier", "sec_id_list"}
_BOTH |= {"agg_group", "market_rule_ids", "min_size", "size_increment", "suggested_size_increment"}


def _details(details: m.ContractDetails, *, is_bond: bool) -> m.ContractDetails:
    names = _BOTH | (_BOND if is_bond else _STOCK)
    return m.ContractDetails(**{name: getattr(details, name) for name in names})


def _one_tick(message: m.TickByTickData) -> m.TickByTickData:
    """A tick is one of three; which, says its number."""
    kind = 1 + (message.req_id or 0) % 4
    return replace(
        message,
        tick_type=kind,
        historical_tick_last=message.historical_tick_last if kind in (1, 2) else None,
        historical_tick_bid_ask=message.historical_tick_bid_ask if kind == 3 else None,
        historical_tick_mid_point=message.historical_tick_mid_point if kind == 4 else None,
    )


# --- what is called


class Recorder:
    """A wrapper that knows every method, and keeps what it was called with."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.ib = SimpleNamespace(TimezoneTWS="US/Eastern")
        self.defaultTimezone = UTC

    def __getattr__(self, name: str) -> Any:
        return lambda *args: self.calls.append((name, *map(plain, args)))


_MARGIN = ("Before", "Change", "After")


def plain(value: Any) -> Any:
    """A value with its type, so that 1 is not 1.0 and orders can be compared."""
    if isinstance(value, ib_async.OrderState):
        said = {name: float(one) if name.endswith(_MARGIN) and one else one for name, one in vars(value).items()}
        return "OrderState", {name: plain(one) for name, one in said.items()}
    if dataclasses.is_dataclass(value):
        return type(value).__name__, {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, list) and value and isinstance(value[0], ib_async.TagValue):
        value = sorted(value)  # a map on the wire: their order is lost
    if isinstance(value, list | tuple):
        return type(value).__name__, [plain(one) for one in value]
    return type(value).__name__, value


def calls_of_theirs(lines: dialect.Fields) -> list[Any]:
    recorder = Recorder()
    decoder = Decoder(recorder, VERSION)  # type: ignore[arg-type]
    decoder.handlers[int(lines[0])](list(lines))
    return recorder.calls


def over_the_wire(message: Any) -> Any:
    """What is left of a message that was protobuf on the way."""
    frame = encode(message)
    parse, convert, parsed, has = SERVER_MESSAGES[int.from_bytes(frame[4:8], "big")].parser()
    parse(frame[8:])
    return convert(parsed, has)


def calls_of_ours(*messages: Any) -> list[Any]:
    recorder = Recorder()
    for message in messages:
        message = over_the_wire(message)
        number = message.id if isinstance(message, m.ErrorMessage) else getattr(message, "req_id", None)
        CALLS[type(message)](recorder, number or 0, message)
    return recorder.calls


# --- tests

_TOGETHER = {m.HistoricalData, m.HistoricalDataEnd}
_WITHOUT_TEXT = {m.CurrentTimeInMillis, m.ConfigResponse, m.UpdateConfigResponse}
"""What is newer than version 178, and ib_async never asks for."""


def test_every_message_of_ours_is_called_and_compared() -> None:
    ours = set(INCOMING.values()) - _WITHOUT_TEXT
    assert ours == set(CALLS)
    assert ours - _TOGETHER == set(dialect.TEXT)


def test_every_handler_of_their_decoder_has_a_message_of_ours() -> None:
    theirs = set(Decoder(Recorder(), VERSION).handlers)  # type: ignore[arg-type]
    assert theirs == ({int(number) for number in INCOMING} | set(NOT_ON_THE_WIRE)) & theirs
    assert not set(NOT_ON_THE_WIRE) & {int(number) for number in INCOMING}


@pytest.mark.campaign
@pytest.mark.parametrize("kind", sorted(dialect.TEXT, key=lambda one: one.__name__), ids=lambda one: one.__name__)
def test_the_same_calls(kind: type[Struct]) -> None:
    @campaign_of(kind)
    def check(message: Any) -> None:
        message = as_text_can_say(message)
        assert calls_of_ours(message) == calls_of_theirs(dialect.TEXT[kind](message))

    check()


def campaign_of(kind: type[Struct]) -> Any:
    """As many examples as the message is large."""
    large = kind in (m.OpenOrder, m.CompletedOrder, m.ContractData, BondContractData)
    sized = campaign_settings(part=30 if large else 12, full=500 if large else 100)
    return lambda test: sized(given(records(kind))(test))


def test_a_coupon_with_a_point_comes_through() -> None:
    details = m.ContractDetails(coupon=5.25)
    ((_, _, (_, said)),) = calls_of_ours(BondContractData(1, m.Contract(), details))
    assert said["coupon"] == ("float", 5.25)


@pytest.mark.campaign
@campaign_settings(part=20, full=500)
@given(records(m.HistoricalData, is_whole=True), records(m.HistoricalDataEnd))
def test_bars_and_their_end_make_the_calls_of_one_text(bars: m.HistoricalData, end: m.HistoricalDataEnd) -> None:
    end = replace(end, req_id=bars.req_id)
    assert calls_of_ours(bars, end) == calls_of_theirs(dialect.bars(bars, end))


@pytest.mark.parametrize("last", ["20261218 08:30 US/Central", "20261218-08:30-US/Central", "20261218 08:30", ""])
@pytest.mark.parametrize("kind", [m.ContractData, BondContractData])
def test_the_last_trading_day_with_its_time(kind: type[m.ContractData], last: str) -> None:
    message = kind(
        req_id=1,
        contract=m.Contract(con_id=5, last_trade_date_or_contract_month=last),
        contract_details=m.ContractDetails(),
    )
    assert calls_of_ours(message) == calls_of_theirs(dialect.TEXT[kind](message))
