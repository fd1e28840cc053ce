"""Which rules a request falls under."""

from __future__ import annotations

import pytest

from ibwire.claims import bar_seconds, claims_of
from ibwire.pacing import Claim, rules
from ibwire.wire import Message
from ibwire.wire import messages as m
from ibwire.wire.catalogue import CATALOGUE

AAPL = m.Contract(con_id=265598, exchange="SMART")


def names(message: Message) -> set[str]:
    return {claim.rule for claim in claims_of(message)}


def bars(**fields: object) -> m.HistoricalDataRequest:
    given = {"contract": AAPL, "duration": "1 D", "bar_size_setting": "1 min", "what_to_show": "TRADES", **fields}
    return m.HistoricalDataRequest(**given)  # type: ignore[arg-type]


def test_every_claim_names_a_rule_that_exists() -> None:
    assert all(claim.rule in rules() for kind in CATALOGUE for claim in claims_of(kind()))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1 secs", 1),
        ("30 secs", 30),
        ("1 min", 60),
        ("8 hours", 28800),
        ("1 day", 86400),
        ("1W", 604800),
        ("1M", 2592000),
    ],
)
def test_bar_size_in_ibkrs_words_is_read(text: str, seconds: int) -> None:
    assert bar_seconds(text) == seconds


@pytest.mark.parametrize("text", [None, "", "nonsense", "min"])
def test_bar_size_that_cannot_be_read_counts_as_small(text: str | None) -> None:
    assert "history.total" in names(bars(bar_size_setting=text))


def test_small_bars_fall_under_the_ten_minute_rule_and_larger_ones_do_not() -> None:
    assert "history.total" in names(bars(bar_size_setting="30 secs"))
    assert "history.total" not in names(bars(bar_size_setting="1 min"))
    assert {"history.same_contract", "history.identical", "history.open"} <= names(bars())


def test_bid_ask_counts_twice() -> None:
    claims = claims_of(bars(bar_size_setting="5 secs", what_to_show="BID_ASK"))
    weights = {claim.rule: claim.weight for claim in claims}
    assert (weights["history.total"], weights["history.same_contract"], weights["history.open"]) == (2, 2, 1)


def test_identical_is_the_same_request_under_another_id_and_nothing_else() -> None:
    def key(message: Message) -> str:
        return next(claim.key for claim in claims_of(message) if claim.rule == "history.identical")

    assert key(bars(req_id=1)) == key(bars(req_id=2))
    assert key(bars()) != key(bars(duration="2 D"))
    assert key(bars()) != key(bars(contract=m.Contract(con_id=272093, exchange="SMART")))


def test_same_contract_is_known_by_its_id_and_exchange() -> None:
    described = m.Contract(con_id=265598, exchange="SMART", symbol="AAPL")
    plain, richer = claims_of(m.TickByTickRequest(contract=AAPL)), claims_of(m.TickByTickRequest(contract=described))
    assert plain == richer == (Claim("tick_by_tick.instrument", "265598"), Claim("tick_by_tick.streams"))


def test_lines_are_taken_by_every_kind_of_live_data() -> None:
    live = [
        m.MarketDataRequest(),
        m.MarketDataRequest(snapshot=True),
        m.RealTimeBarsRequest(),
        bars(keep_up_to_date=True),
    ]
    assert all("market_data.lines" in names(message) for message in live)
    assert "market_data.lines" not in names(bars())


@pytest.mark.parametrize("message", [m.PlaceOrderRequest(), m.CancelOrderRequest(), m.CurrentTimeRequest()])
def test_orders_cancels_and_pings_fall_under_the_message_rate_alone(message: Message) -> None:
    assert claims_of(message) == ()


def test_ticks_of_an_instrument_count_together_wherever_it_is_traded() -> None:
    keys = {
        claims_of(m.TickByTickRequest(contract=m.Contract(con_id=265598, exchange=exchange), tick_type=kind))[0]
        for exchange in ("SMART", "ISLAND", None)
        for kind in ("Last", "BidAsk")
    }
    assert len(keys) == 1


def test_bid_ask_counts_twice_however_it_is_written() -> None:
    for what in ("BID_ASK", "bid_ask", "Bid_Ask"):
        by_rule = {claim.rule: claim.weight for claim in claims_of(bars(bar_size_setting="5 secs", what_to_show=what))}
        assert by_rule["history.total"] == by_rule["history.same_contract"] == 2
