"""Whoever waits for an order may give up at any moment: it leaves and is followed, or does not, and that is written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ibwire.order_states import OrderState
from ibwire.orders import bracket, limit
from ibwire.session import IBSession
from tests.helpers.trading_floor import APPLE, a_moment, agree, floor, of_journal, trader
from tests.helpers.virtual_time import on_virtual_time

FAR = limit("BUY", 10, 99)
BRACKET = bracket("BUY", 10, limit_price=99, take_profit_price=103, stop_loss_price=97)

MOST_TURNS = 60
"""More turns of the event loop than any of these takes."""


async def place(session: IBSession) -> None:
    await session.trading.place(APPLE, FAR)


async def place_patiently(session: IBSession) -> None:
    await session.trading.place(APPLE, FAR, queue_while_down=60)


async def place_group(session: IBSession) -> None:
    await session.trading.place_group(APPLE, BRACKET)


async def change(session: IBSession) -> None:
    await session.trading.ready()
    await session.trading.orders[0].modify(limit_price=Decimal(98))


async def cancel(session: IBSession) -> None:
    await session.trading.ready()
    await session.trading.orders[0].cancel()


async def cancel_all(session: IBSession) -> None:
    await session.trading.cancel_all()


async def halt(session: IBSession) -> None:
    await session.trading.halt("enough")


async def given_up(session: IBSession, act: Callable[[IBSession], Awaitable[None]], turns: int) -> bool:
    """Do this and give it up after so many turns of the event loop; whether that was before its end."""
    task: asyncio.Task[Any] = asyncio.ensure_future(act(session))
    for _ in range(turns):
        await asyncio.sleep(0)
    is_early = not task.done()
    task.cancel()
    (result,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(result, asyncio.CancelledError | None), result
    return is_early


@pytest.mark.parametrize(
    ("act", "begins"),
    [
        *((one, "later") for one in (place, place_patiently, place_group, change, cancel, cancel_all, halt)),
        *((one, "at the first use") for one in (place, cancel_all)),
    ],
)
def test_whoever_gives_up_loses_nothing(
    act: Callable[[IBSession], Awaitable[None]], begins: str, tmp_path: Path
) -> None:
    given_up_early: list[bool] = [True]

    @on_virtual_time
    async def run(turns: int, path: Path) -> None:
        async with floor(path, max_open_orders=4) as (gateway, session):
            if act not in (place, place_patiently, place_group):
                await (await session.trading.place(APPLE, FAR)).acknowledged()
            if begins == "later":
                await session.trading.ready()
            else:
                await session.aclose()
                session = trader(path, seed=2, max_open_orders=4)
                await session.start()
            try:
                given_up_early.append(await given_up(session, act, turns))
                await a_moment()
                await session.trading.ready()
                agree(gateway, session)
                for handle in session.trading.orders:
                    assert handle.status is not OrderState.INTENT, handle
                if act is not halt:  # nothing of it counts any longer
                    room = 4 - sum(not handle.is_over for handle in session.trading.orders)
                    for _ in range(room):
                        await (await session.trading.place(APPLE, FAR)).acknowledged()
                agree(gateway, session)
            finally:
                await session.aclose()
            stands = of_journal(path)
            at_gateway = {str(order.order_ref).rpartition("~")[2]: order for order in gateway.state().orders}
            for ref, (state, filled) in stands.items():
                order = at_gateway.get(str(ref))
                expected = "Cancelled" if state is OrderState.CANCELLED else "Submitted"
                if order is None:
                    assert state is OrderState.REJECTED
                else:
                    assert (order.status in (expected, "PreSubmitted"), order.filled) == (True, filled)
            assert set(at_gateway) <= set(stands)

    for turns in range(MOST_TURNS):
        (path := tmp_path / str(turns)).mkdir()
        run(turns, path)
        if not given_up_early[-1]:
            break
    assert not given_up_early[-1]
    assert turns > 0
