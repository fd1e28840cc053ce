"""A generated market keeps the rules that any real one keeps, and a seed reproduces it."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import islice, pairwise, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibwire.simulator.feed import DAY_PRICES, SIZE_OF_PRICE, Feed, Tick, TickType
from ibwire.simulator.generated_feed import GeneratedFeed
from ibwire.simulator.instruments import INSTRUMENTS, by_con_id, by_local_symbol, find

ALL = [instrument.con_id for instrument in INSTRUMENTS]
AAPL, ESH4, EURUSD, SPX = 265598, 533620665, 12087792, 416904
TRADED = [i.con_id for i in INSTRUMENTS if i.sec_type not in ("CASH", "IND")]

seeds = st.integers(0, 2**32)
chosen = st.lists(st.sampled_from(ALL), min_size=1, max_size=5, unique=True)
rates = st.sampled_from([0.1, 4.0, 250.0])
quick = settings(max_examples=40, deadline=None)


def played(seed: int, con_ids: Sequence[int], count: int, rate: float = 4.0) -> list[Tick]:
    return list(islice(GeneratedFeed(seed, con_ids, rate).ticks(), count))


def of(con_id: int, ticks: list[Tick]) -> list[Tick]:
    return [tick for tick in ticks if tick.con_id == con_id]


def content(ticks: list[Tick]) -> list[tuple[int, float | None, Decimal | None]]:
    return [(tick.tick_type, tick.price, tick.size) for tick in ticks]


@quick
@given(seeds, chosen, rates)
def test_prices_are_positive_and_on_the_tick_grid(seed: int, con_ids: list[int], rate: float) -> None:
    for tick in played(seed, con_ids, 800, rate):
        instrument = by_con_id(tick.con_id)
        if tick.price is not None and instrument is not None:
            assert tick.price > 0
            assert Decimal(repr(tick.price)) % instrument.min_tick == 0


@quick
@given(seeds, chosen, rates)
def test_bid_is_below_ask_after_every_single_tick(seed: int, con_ids: list[int], rate: float) -> None:
    quotes: dict[int, dict[int, float]] = {}
    for tick in played(seed, con_ids, 800, rate):
        quote = quotes.setdefault(tick.con_id, {})
        if tick.price is not None and tick.tick_type in (TickType.BID, TickType.ASK):
            quote[tick.tick_type] = tick.price
        if len(quote) == 2:
            assert quote[TickType.BID] < quote[TickType.ASK]


@quick
@given(seeds, chosen, rates)
def test_trades_are_at_the_bid_or_the_ask(seed: int, con_ids: list[int], rate: float) -> None:
    quotes: dict[tuple[int, int], float] = {}
    for tick in played(seed, [i for i in con_ids if i in TRADED] or [AAPL], 800, rate):
        if tick.price is not None and tick.tick_type == TickType.LAST:
            assert tick.price in (quotes[tick.con_id, TickType.BID], quotes[tick.con_id, TickType.ASK])
        elif tick.price is not None:
            quotes[tick.con_id, tick.tick_type] = tick.price


@quick
@given(seeds, chosen, rates)
def test_times_never_go_back(seed: int, con_ids: list[int], rate: float) -> None:
    times = [tick.at_s for tick in played(seed, con_ids, 800, rate)]
    assert times[0] == 0.0
    assert times == sorted(times)


@quick
@given(seeds, chosen)
def test_sizes_are_whole_steps_and_volume_is_the_sum_of_trades(seed: int, con_ids: list[int]) -> None:
    last_size: dict[int, Decimal] = {}
    volume: dict[int, Decimal] = {}
    for tick in played(seed, con_ids, 800):
        instrument = by_con_id(tick.con_id)
        if tick.size is None or instrument is None:
            continue
        assert tick.size > 0
        assert tick.size % instrument.quote_size_step == 0
        if tick.tick_type == TickType.LAST_SIZE:
            last_size[tick.con_id] = tick.size
        elif tick.tick_type == TickType.VOLUME:
            if tick.con_id in volume:
                assert tick.size == volume[tick.con_id] + last_size[tick.con_id]
            volume[tick.con_id] = tick.size


@quick
@given(seeds, chosen)
def test_a_sized_price_is_followed_by_its_size(seed: int, con_ids: list[int]) -> None:
    ticks = played(seed, con_ids, 800)
    for tick, following in pairwise(ticks):
        if tick.price is not None and tick.size is not None:
            assert following.tick_type == SIZE_OF_PRICE[TickType(tick.tick_type)]
            assert (following.con_id, following.at_s, following.size) == (tick.con_id, tick.at_s, tick.size)


@quick
@given(seeds, st.sampled_from(TRADED))
def test_high_and_low_always_hold_the_last_price(seed: int, con_id: int) -> None:
    prices: dict[int, float] = {}
    ticks = of(con_id, played(seed, [con_id], 1500, 0.5))
    for tick, following in pairwise(ticks):
        if tick.price is not None:
            prices[tick.tick_type] = tick.price
        if following.at_s > tick.at_s:
            assert prices[TickType.LOW] <= prices[TickType.LAST] <= prices[TickType.HIGH]


@quick
@given(seeds, chosen)
def test_same_seed_gives_the_same_stream_and_each_run_starts_anew(seed: int, con_ids: list[int]) -> None:
    feed = GeneratedFeed(seed, con_ids)
    once = list(islice(feed.ticks(), 400))
    assert once == list(islice(feed.ticks(), 400))
    assert once == played(seed, con_ids, 400)


def test_another_seed_gives_another_stream() -> None:
    assert content(played(1, [AAPL], 100)) != content(played(2, [AAPL], 100))


@quick
@given(seeds, chosen, st.sampled_from(ALL), st.integers(1, 300))
def test_adding_an_instrument_leaves_the_others_alone(seed: int, con_ids: list[int], added: int, after: int) -> None:
    others = [con_id for con_id in con_ids if con_id != added] or [AAPL if added != AAPL else ESH4]
    feed = GeneratedFeed(seed, others)
    run = feed.ticks()
    ticks = list(islice(run, after))
    feed.add(added)
    opened_at_s = ticks[-1].at_s
    ticks += islice(run, 500)
    undisturbed = played(seed, others, len(ticks))
    for con_id in others:
        stream = of(con_id, ticks)
        assert stream == of(con_id, undisturbed)[: len(stream)]
    assert of(added, ticks)[0].at_s == opened_at_s


def test_an_added_instrument_plays_what_it_would_play_alone() -> None:
    feed = GeneratedFeed(5, [AAPL])
    run = feed.ticks()
    ticks = list(islice(run, 1000))
    feed.add(ESH4)
    added = of(ESH4, [*ticks, *islice(run, 2000)])
    assert feed.con_ids == (AAPL, ESH4)
    assert content(added) == content(played(5, [ESH4], len(added)))


def test_adding_twice_is_adding_once() -> None:
    feed = GeneratedFeed(5, [AAPL])
    feed.add(AAPL)
    assert list(islice(feed.ticks(), 50)) == played(5, [AAPL], 50)


def test_every_instrument_opens_at_zero_in_the_order_of_a_gateway() -> None:
    opening = list(takewhile(lambda tick: tick.at_s == 0.0, GeneratedFeed(3, ALL).ticks()))
    quote = [TickType.BID, TickType.BID_SIZE, TickType.ASK, TickType.ASK_SIZE]
    trade = [TickType.LAST, TickType.LAST_SIZE, TickType.VOLUME]
    for instrument in INSTRUMENTS:
        expected = {
            "IND": [TickType.LAST, *DAY_PRICES],
            "CASH": [*quote, *DAY_PRICES],
        }.get(instrument.sec_type, [*quote, *trade, *DAY_PRICES])
        assert [tick.tick_type for tick in of(instrument.con_id, opening)] == expected


def test_an_index_has_levels_and_no_sizes() -> None:
    ticks = played(3, [SPX], 500)
    kinds = {tick.tick_type for tick in ticks}
    assert kinds <= {TickType.LAST, TickType.LAST_TIMESTAMP, *DAY_PRICES}
    assert all(tick.size is None for tick in ticks)


def test_forex_has_quotes_and_no_trades() -> None:
    kinds = {tick.tick_type for tick in played(3, [EURUSD], 2000)}
    assert kinds <= {TickType.BID, TickType.BID_SIZE, TickType.ASK, TickType.ASK_SIZE, *DAY_PRICES}


def test_a_trade_tells_price_size_volume_and_leaves_its_time_to_the_gateway() -> None:
    ticks = [tick for tick in played(3, [AAPL], 2000) if tick.at_s > 0]
    first = next(n for n, tick in enumerate(ticks) if tick.tick_type == TickType.LAST)
    kinds = [tick.tick_type for tick in ticks[first : first + 4]]
    assert kinds == [TickType.LAST, TickType.LAST_SIZE, TickType.VOLUME, TickType.LAST_TIMESTAMP]
    assert all(tick.text is None for tick in ticks)


@pytest.mark.parametrize("rate", [1.0, 4.0])
def test_updates_come_at_about_the_asked_rate(rate: float) -> None:
    ticks = takewhile(lambda tick: tick.at_s < 1000, GeneratedFeed(8, [AAPL, ESH4], rate).ticks())
    moments = {(tick.con_id, tick.at_s) for tick in ticks}
    assert len(moments) == pytest.approx(2 * 1000 * rate, rel=0.1)


def test_after_weeks_of_a_wild_market_prices_are_still_near_their_reference() -> None:
    vix = by_local_symbol("VIX")
    assert vix is not None
    ticks = GeneratedFeed(9, [vix.con_id], updates_per_s=0.005).ticks()
    levels = [tick.price for tick in takewhile(lambda tick: tick.at_s < 20 * 86_400, ticks) if tick.price is not None]
    assert min(levels) == pytest.approx(vix.reference_price, rel=0.2)
    assert max(levels) == pytest.approx(vix.reference_price, rel=0.2)
    assert max(levels) > 1.02 * min(levels)


def test_two_instruments_of_one_seed_do_not_move_together() -> None:
    ticks = played(4, [AAPL, ESH4], 2000)
    moments = [{tick.at_s for tick in of(con_id, ticks)} for con_id in (AAPL, ESH4)]
    assert moments[0] & moments[1] == {0.0}


def test_sizes_stay_around_the_typical_one() -> None:
    ticks = played(4, [AAPL], 20_000)
    sizes = [tick.size for tick in ticks if tick.tick_type == TickType.BID_SIZE and tick.size is not None]
    assert float(sum(sizes) / len(sizes)) == pytest.approx(400, rel=0.3)


def test_unasked_it_plays_a_dozen_instruments_of_all_kinds() -> None:
    feed: Feed = GeneratedFeed(1)
    found = [by_con_id(con_id) for con_id in feed.con_ids]
    assert len(found) == 12
    kinds = {instrument.sec_type for instrument in found if instrument is not None}
    assert kinds == {"STK", "FUT", "CASH", "IND", "CRYPTO"}
    (front,) = find(symbol="ES", sec_type="CONTFUT")
    assert front.con_id in feed.con_ids
    assert by_local_symbol("700") in found


def test_a_feed_without_instruments_ends_and_plays_after_one_was_added() -> None:
    feed = GeneratedFeed(1, [])
    assert list(feed.ticks()) == []
    feed.add(AAPL)
    assert next(feed.ticks()).con_id == AAPL


def test_an_unknown_instrument_is_refused_by_its_id() -> None:
    with pytest.raises(ValueError, match="con_id 42"):
        GeneratedFeed(1, [42])


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_means_nothing_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="updates_per_s"):
        GeneratedFeed(1, [AAPL], rate)
