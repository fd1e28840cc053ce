"""Market-data types and permissions of the simulated gateway: what a client without a subscription sees."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ibwire.simulator.feed import Tick, TickType
from ibwire.wire import Message
from ibwire.wire import messages as m
from tests.helpers.scripted_feed import quote
from tests.helpers.simulated import AAPL, AAPL_CONTRACT, MSFT_CONTRACT, codes, kinds, raw
from tests.helpers.streaming import Hours, after, contract, live, of_kind, streaming, traded
from tests.helpers.virtual_time import on_virtual_time

TSLA_OPTION = contract("TSLA  230120C00100000")


def asked(req_id: int, contract_: m.Contract = AAPL_CONTRACT, **more: object) -> m.MarketDataRequest:
    return m.MarketDataRequest(req_id=req_id, contract=contract_, **more)  # type: ignore[arg-type]


def types(messages: Sequence[Message]) -> set[int | None]:
    return {getattr(one, "tick_type", None) for one in messages if hasattr(one, "tick_type")}


def shown_types(messages: Sequence[Message]) -> list[int | None]:
    return [one.market_data_type for one in of_kind(m.MarketDataType, messages)]


@on_virtual_time
@pytest.mark.parametrize(
    ("access", "enabled", "code"),
    [
        ("none", None, 354),
        ("none", 3, 354),
        ("delayed", None, 10168),
        ("delayed", 2, 10168),
        ("tws_only", None, 10089),
    ],
)
async def test_line_without_permission_is_refused_and_its_id_is_free(
    access: str, enabled: int | None, code: int
) -> None:
    async with streaming(permissions={"AAPL": access}) as (client, _):
        if enabled is not None:
            assert await client.answers_to(m.MarketDataTypeRequest(enabled)) == []
        answers = await client.answers_to(asked(5))
        assert (codes(answers), len(answers)) == ([(5, code)], 1)
        assert not codes(await client.answers_to(asked(5, MSFT_CONTRACT)))


@on_virtual_time
@pytest.mark.parametrize("access", ["delayed", "tws_only"])
async def test_delayed_line_begins_with_10167_and_has_delayed_types_only(access: str) -> None:
    feed = live()
    async with streaming(feed, permissions={"AAPL": access}) as (client, _):
        await client.answers_to(m.MarketDataTypeRequest(3))
        answers = await client.answers_to(asked(5, generic_tick_list="100,233"))
        assert codes(answers[:1]) == [(5, 10167)]
        assert kinds(answers[1:3]) == ["TickReqParams", "MarketDataType"]
        assert shown_types(answers) == [3]
        assert types(answers) == {66, 67, 68, 69, 70, 71, 74, 75, 88, 90}
        extremes = [Tick(0.0, AAPL, kind, 100.0, None) for kind in (TickType.HIGH, TickType.LOW, TickType.OPEN)]
        told = await after(client, feed, [*quote(AAPL, 99.0, 1, 101.0, 2), *traded(99.0, 5), *extremes])
        assert types(told) == {66, 67, 68, 69, 70, 71, 72, 73, 76, 88}


@on_virtual_time
async def test_delayed_is_live_for_who_may_see_live_and_an_unknown_type_is_taken_silently() -> None:
    async with streaming(permissions={"MSFT": "delayed"}) as (client, _):
        assert await client.answers_to(m.MarketDataTypeRequest(3)) == []
        answers = await client.answers_to(asked(5))
        assert (codes(answers), shown_types(answers)) == ([], [1])
        assert await client.answers_to(m.MarketDataTypeRequest(99)) == []


@on_virtual_time
async def test_delayed_line_ends_with_10089_when_the_client_goes_back_to_live() -> None:
    feed = live()
    async with streaming(feed, permissions={"AAPL": "delayed"}) as (client, _):
        await client.answers_to(m.MarketDataTypeRequest(3))
        await client.answers_to(asked(5), asked(6, MSFT_CONTRACT))
        assert codes(await client.answers_to(m.MarketDataTypeRequest(1))) == [(5, 10089)]
        assert await after(client, feed, quote(AAPL, 99.0, 1)) == []


@on_virtual_time
async def test_market_data_type_is_of_one_connection() -> None:
    async with streaming(permissions={"AAPL": "delayed"}) as (client, gateway):
        await client.answers_to(m.MarketDataTypeRequest(3))
        async with raw(gateway, 2) as other:
            assert codes(await other.answers_to(asked(5))) == [(5, 10168)]
            assert codes(await client.answers_to(asked(5))) == [(5, 10167)]


@on_virtual_time
async def test_regulatory_snapshot_needs_no_permission() -> None:
    async with streaming(permissions={"AAPL": "none"}) as (client, _):
        answers = await client.answers_to(asked(5, regulatory_snapshot=True))
        assert not codes(answers)
        assert {0, 1, 2, 3} <= types(answers)
        assert isinstance(answers[-1], m.TickSnapshotEnd)


TSLA = 76792991
OPENING = [
    *quote(TSLA_OPTION.con_id or 0, 330.5, 3, 331.5, 4),
    *quote(TSLA, 429.9, 100, 430.1, 100),
    Tick(0.0, TSLA, TickType.LAST, 430.0, None),
]


@on_virtual_time
async def test_option_line_has_computations_of_its_prices_and_the_model() -> None:
    feed = live(OPENING)
    async with streaming(feed) as (client, _):
        opening = of_kind(m.TickOptionComputation, await client.answers_to(asked(5, TSLA_OPTION)))
        assert [one.tick_type for one in opening] == [10, 11, 13]
        assert {one.und_price for one in opening} == {430.0}
        told = await after(client, feed, quote(TSLA_OPTION.con_id or 0, ask=332.0, ask_size=5))
        ask, model = of_kind(m.TickOptionComputation, told)
        assert (ask.tick_type, ask.opt_price, ask.req_id) == (11, 332.0, 5)
        assert ask.delta is not None
        assert ask.implied_vol is not None
        assert 0 < ask.delta <= 1
        assert ask.implied_vol > 0
        assert model.tick_type == 13


@on_virtual_time
async def test_option_line_without_its_underlying_has_10090_and_no_computations() -> None:
    async with streaming(live(OPENING), permissions={"TSLA": "none"}) as (client, _):
        answers = await client.answers_to(asked(5, TSLA_OPTION))
        assert codes(answers) == [(5, 10090)]
        assert {1, 2} <= types(answers)
        assert not of_kind(m.TickOptionComputation, answers)


@on_virtual_time
async def test_delayed_option_line_has_delayed_computations() -> None:
    async with streaming(live(OPENING), permissions={"OPT": "delayed"}) as (client, _):
        await client.answers_to(m.MarketDataTypeRequest(3))
        opening = await client.answers_to(asked(5, TSLA_OPTION))
        assert [one.tick_type for one in of_kind(m.TickOptionComputation, opening)] == [80, 81, 83]


# --- when the market is closed


@on_virtual_time
async def test_closed_market_has_no_sides_and_nothing_moves_until_it_opens() -> None:
    feed, hours = live(), Hours(is_open=False)
    async with streaming(feed, hours=hours) as (client, gateway):
        await after(client, feed)
        answers = await client.answers_to(asked(5))
        prices = {one.tick_type: one.price for one in of_kind(m.TickPrice, answers)}
        assert prices == {1: -1.0, 2: -1.0, 4: 100.1, 9: 99.0}
        assert shown_types(answers) == [1]
        assert await after(client, feed, quote(AAPL, 99.0, 1), traded(99.0, 1)) == []
        assert gateway.market.quote(AAPL).prices[TickType.BID] == 100.0
        with pytest.raises(ValueError, match="closed"):
            gateway.set_quote(AAPL, bid=99.0)
        hours.is_now_open = True
        await asyncio.sleep(0.3)
        told = await after(client, feed, quote(AAPL, 99.5, 7))
        prices = {one.tick_type: one.price for one in of_kind(m.TickPrice, told)}
        assert prices == {1: 99.5, 2: 100.1, 4: 100.1, 9: 99.0}, "all that was not told"


@on_virtual_time
@pytest.mark.parametrize(("enabled", "access", "types_shown"), [(2, "live", [1, 2, 1]), (4, "delayed", [3, 4, 3])])
async def test_frozen_line_keeps_the_last_quote_and_says_so_while_closed(
    enabled: int, access: str, types_shown: list[int]
) -> None:
    hours = Hours()
    async with streaming(live(), hours=hours, permissions={"AAPL": access}) as (client, _):
        await client.answers_to(m.MarketDataTypeRequest(enabled))
        await client.answers_to(asked(5))
        before = len(client.messages)
        hours.is_now_open = False
        await asyncio.sleep(0.5)
        assert kinds(client.messages[before:]) == ["MarketDataType"]
        late = await client.answers_to(asked(6, snapshot=True))
        assert {one.price for one in of_kind(m.TickPrice, late)} == {100.0, 100.1, 99.0}
        assert isinstance(late[-1], m.TickSnapshotEnd)
        hours.is_now_open = True
        await asyncio.sleep(0.5)
        of_line = [one for one in of_kind(m.MarketDataType, client.messages) if one.req_id == 5]
        assert shown_types(of_line) == types_shown


@on_virtual_time
async def test_live_line_loses_its_sides_when_the_market_closes() -> None:
    hours = Hours()
    async with streaming(live(), hours=hours) as (client, _):
        await client.answers_to(asked(5))
        before = len(client.messages)
        hours.is_now_open = False
        await asyncio.sleep(0.5)
        prices = [(one.tick_type, one.price) for one in of_kind(m.TickPrice, client.messages[before:])]
        assert prices == [(1, -1.0), (2, -1.0)]
