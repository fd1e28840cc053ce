"""Contracts as text: the two ways are each other's inverse, and every mistake is named."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibwire.contract_rules import SEC_TYPES
from ibwire.contract_texts import format_contract, parse_contract, shown
from ibwire.contracts import (
    Bag,
    Bond,
    Cfd,
    ComboLeg,
    Commodity,
    ContFuture,
    Contract,
    Crypto,
    DeltaNeutralContract,
    Forex,
    Fund,
    Future,
    FutureOption,
    Index,
    Option,
    Stock,
)
from ibwire.exceptions import InvalidRequest
from tests.helpers.campaigns import campaign

LEGS = (
    ComboLeg(con_id=265598, ratio=1, action="BUY", exchange="SMART"),
    ComboLeg(con_id=272093, ratio=2, action="SELL", exchange="SMART"),
)

WRITTEN = [
    ("AAPL", Stock("AAPL")),
    ("BRK B", Stock("BRK B")),
    ("STK:BMW:IBIS:EUR", Stock("BMW", "IBIS", "EUR")),
    ("STK:MSFT:primary_exch=NASDAQ", Stock("MSFT", primary_exch="NASDAQ")),
    ("STK:EUR.USD", Stock("EUR.USD")),
    ("STK:AAPL:exchange=", Contract(symbol="AAPL", sec_type="STK", currency="USD")),
    ("EUR.USD", Forex("EUR.USD")),
    ("CASH:EUR:USD:SMART", Forex("EURUSD", "SMART")),
    ("FUT:ES:CME:202612", Future("ES", "CME", "202612")),
    ("FUT::CME:local_symbol=ESZ6", Future(None, "CME", local_symbol="ESZ6")),
    ("FUT:ES:CME:202612:include_expired=true:multiplier=50", None),
    ("FUT:DAX:EUREX:20261218:EUR", Future("DAX", "EUREX", "20261218", "EUR")),
    ("CONTFUT:ES:CME", ContFuture("ES", "CME")),
    ("OPT:AAPL:20261218:C:200", Option("AAPL", "20261218", "call", 200)),
    ("OPT:SPX:20261218:P:6500.5:trading_class=SPXW", Option("SPX", "20261218", "P", 6500.5, trading_class="SPXW")),
    ("FOP:ES:CME:20261218:P:6500", FutureOption("ES", "CME", "20261218", "P", 6500)),
    ("IND:SPX:CBOE", Index("SPX", "CBOE")),
    ("CFD:IBUS500", Cfd("IBUS500")),
    ("BOND:912828C57", Bond("912828C57")),
    ("CRYPTO:BTC", Crypto("BTC")),
    ("CMDTY:XAUUSD", Commodity("XAUUSD")),
    ("FUND:VINIX", Fund("VINIX")),
    ("BAG:SPY:+1x265598@SMART,-2x272093@SMART", Bag("SPY", LEGS)),
    ("NEWS:BRFG%3ABRFG_ALL:BRFG", Contract(symbol="BRFG:BRFG_ALL", sec_type="NEWS", exchange="BRFG")),
    ("ID:265598:SMART", Contract(con_id=265598, exchange="SMART")),
]


@pytest.mark.parametrize(("text", "contract"), WRITTEN)
def test_texts_of_the_documentation_mean_what_it_says(text: str, contract: Contract | None) -> None:
    parsed = parse_contract(text)
    assert contract is None or parsed == contract
    assert parse_contract(format_contract(parsed)) == parsed
    assert contract is None or format_contract(contract) == text


# Any text that a field may have, the grammar's own characters well represented.
_words = st.text(alphabet=st.sampled_from("AZaz09 .:=%@,+-~x/'é"), min_size=1, max_size=8).filter(
    lambda text: text == text.strip()
)
_numbers = st.floats(allow_nan=False, allow_infinity=False)
_expiries = st.dates().map(lambda day: f"{day:%Y%m%d}".zfill(8)) | st.just("202612")
_con_ids = st.integers(1, 2**31 - 1)
_legs = st.lists(
    st.builds(
        ComboLeg,
        con_id=_con_ids,
        ratio=st.integers(1, 999),
        action=st.sampled_from(["BUY", "SELL", "SSHORT"]),
        exchange=_words,
    ),
    min_size=1,
    max_size=3,
).map(tuple)


def _maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """Any contract that may be sent and has a text."""
    sec_type = draw(st.sampled_from([*SEC_TYPES, None]))
    is_option = sec_type in ("OPT", "FOP", "WAR", "IOPT", "EC")
    has_id = draw(st.booleans())
    return Contract(
        con_id=draw(_con_ids) if sec_type is None else draw(st.just(0) | _con_ids),
        symbol=draw(_words),
        sec_type=sec_type,
        last_trade_date_or_contract_month=draw(_maybe(_expiries)),
        strike=draw(_maybe(_numbers if is_option else _numbers.filter(bool))),
        right=draw(_maybe(st.sampled_from("CP"))),
        multiplier=draw(_maybe(st.floats(min_value=1e-300, allow_nan=False, allow_infinity=False))),
        exchange=draw(_maybe(_words)),
        primary_exch=draw(_maybe(_words)),
        currency=draw(_maybe(st.text(string.ascii_uppercase, min_size=3, max_size=3))),
        local_symbol=draw(_maybe(_words)),
        trading_class=draw(_maybe(_words)),
        sec_id_type=draw(st.sampled_from(["ISIN", "CUSIP", "FIGI"])) if has_id else None,
        sec_id=draw(_words) if has_id else None,
        description=draw(_maybe(_words)),
        include_expired=draw(_maybe(st.booleans())),
        combo_legs=draw(_legs) if sec_type == "BAG" else (),
        last_trade_date=draw(_maybe(_expiries)),
    )


@campaign(part=300, full=5_000)
@given(contracts())
def test_what_is_formatted_is_parsed_to_the_same_contract(contract: Contract) -> None:
    assert parse_contract(format_contract(contract)) == contract


@campaign(part=300, full=5_000)
@given(st.text(alphabet=st.sampled_from("STKFUOPCAHBG:=%.,@+x019 "), max_size=30) | st.text(max_size=20))
def test_any_text_is_a_contract_whose_text_means_the_same_or_one_typed_error(text: str) -> None:
    try:
        contract = parse_contract(text)
    except InvalidRequest:
        return
    assert parse_contract(format_contract(contract)) == contract


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", ["empty"]),
        ("fut:ES:CME", ["'fut' is no kind"]),
        ("OPT:AAPL:2026-12:X:abc", ["YYYYMM", "right is 'X'", "strike is 'abc'"]),
        ("STK:AAPL:SMART:USD:NASDAQ", ["4 parts", "symbol : exchange : currency"]),
        ("STK:AAPL:colour=red:currency=dollars", ["'colour' is no field", "currency is 'dollars'"]),
        ("BAG:SPY:265598", ["'265598' is no leg"]),
        ("BAG:SPY", ["a BAG has legs"]),
        ("ID:abc", ["con_id is 'abc'"]),
        ("FUT::CME:202612", ["nothing names the instrument"]),
        ("STK: AAPL", ["symbol is ' AAPL'"]),
    ],
)
def test_every_mistake_in_a_text_is_named_at_once(text: str, named: list[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_contract(text)
    for fragment in named:
        assert fragment in caught.value.message


@pytest.mark.parametrize(
    "contract",
    [
        Contract(symbol="AAPL", sec_type="STK", delta_neutral_contract=DeltaNeutralContract(con_id=1)),
        Contract(
            symbol="SPY",
            sec_type="BAG",
            combo_legs=(ComboLeg(con_id=1, ratio=1, action="SSHORT", exchange="SMART", short_sales_slot=1),),
        ),
    ],
)
def test_what_has_no_text_is_refused_rather_than_left_out(contract: Contract) -> None:
    with pytest.raises(InvalidRequest, match="terms that have no text"):
        format_contract(contract)
    assert shown(contract) == repr(contract)


def test_standins_for_nothing_are_not_written() -> None:
    echoed = Contract(
        con_id=265598, symbol="AAPL", sec_type="STK", strike=0.0, right="?", exchange="SMART", currency=""
    )
    assert format_contract(echoed) == "STK:AAPL:currency=:con_id=265598"
