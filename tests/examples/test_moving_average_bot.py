"""The example bot, killed and started again, and its gateway too: one order for each decision, and no position lost."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time as clocks
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from examples import moving_average_bot
from ibwire.session import IBSession
from ibwire.simulator import NO_LIMITS, GatewayThread, ManualClock, RealClock, SimulatedGateway
from ibwire.simulator.bar_slots import Slot
from ibwire.simulator.bar_source import Bar
from ibwire.simulator.generated_bars import GeneratedBars
from ibwire.simulator.instruments import Instrument
from ibwire.simulator.trading_sessions import AlwaysOpen, TradingSession
from ibwire.wire import messages as m
from tests.helpers.examples import Running, running_example, until, variables
from tests.helpers.scripted_feed import ScriptedFeed, quote
from tests.helpers.scripted_gateway import PORT
from tests.helpers.sessions import wall_clock
from tests.helpers.simulated import AAPL, AAPL_CONTRACT
from tests.helpers.virtual_time import on_virtual_time

Start = Callable[[], AbstractContextManager[Running]]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


class RoundTheClock(AlwaysOpen):
    """Days without nights and weekends: the same history whenever the test runs."""

    def sessions(
        self, instrument: Instrument, first_day: date, last_day: date, *, regular_only: bool
    ) -> list[TradingSession]:
        zone, one = ZoneInfo(instrument.time_zone_id), timedelta(days=1)
        days = [first_day + number * one for number in range((last_day - first_day).days + 1)]
        starts = [datetime.combine(day, time(), zone).timestamp() for day in [*days, last_day + one]]
        return [TradingSession(*span, day) for span, day in zip(pairwise(starts), days, strict=True)]


class SteadyPast(GeneratedBars):
    """A past in which prices have always risen, or always fallen, to 250: whenever a bot starts, it wants the same."""

    def __init__(self, now_s: float) -> None:
        super().__init__(1)
        self.now_s = now_s
        self.rises = True

    def bars(self, instrument: Instrument, what: str, slots: Iterable[Slot], length_s: int) -> Iterator[Bar]:
        slope = (1 if self.rises else -1) * 0.1 / 86_400
        for slot in slots:
            price = round(250 + slope * (slot.start_s - self.now_s), 6)
            yield Bar(slot, price, price, price, price, Decimal(100), Decimal(100), 1)


class Market:
    """Moves, and its clock goes on, only when the test says so. AAPL at 250.0 to 250.1."""

    def __init__(self, gateway: GatewayThread, past: SteadyPast) -> None:
        self.gateway = gateway
        self.past = past

    def minute(self, price: float) -> None:
        """Let a bar close at this price: the first trade of the next one shows that it has."""
        self.trade(price)
        self.gateway.advance(60)
        self.trade(price)
        self.gateway.advance(1)

    def trade(self, price: float) -> None:
        self.gateway.set_quote("AAPL", last=price, last_size=Decimal(100))

    def offer(self, bid: float, ask: float) -> None:
        size = Decimal(1000)
        self.gateway.set_quote("AAPL", bid=bid, bid_size=size, ask=ask, ask_size=size)

    @property
    def position(self) -> Decimal:
        return sum((one.quantity for one in self.gateway.state().positions), Decimal(0))

    @property
    def orders(self) -> list[tuple[str, str, int]]:
        """Each order's side, state, and how often it came."""
        return [(one.action, one.status, one.times_received) for one in self.gateway.state().orders]


@pytest.fixture
def market() -> Iterator[Market]:
    now_s = clocks.time() // 60 * 60
    past = SteadyPast(now_s)
    feed = ScriptedFeed(quote(AAPL, 250.0, 1000, 250.1, 1000))
    # Without IBKR's pacing, by which the same history may be asked for every 15 s only: nobody waits here.
    with GatewayThread(feed=feed, clock=ManualClock(now_s), hours=RoundTheClock(), limits=NO_LIMITS) as gateway:
        gateway.call(lambda simulated: setattr(simulated, "bars", past))
        yield Market(gateway, past)


@pytest.fixture
def start(market: Market, tmp_path: Path) -> Start:
    """Starts the bot, with the same journal each time."""
    arguments = ("AAPL", "--quantity", "10", "--fast", "1", "--slow", "2")
    return lambda: running_example("moving_average_bot.py", *arguments, port=market.gateway.port, folder=tmp_path)


def test_bot_killed_and_started_again_goes_on_as_if_nothing_had_happened(market: Market, start: Start) -> None:
    market.gateway.start_fault("no_ack")  # so it is killed before it knows whether its order has arrived
    with start() as bot:
        bot.line_with("begins with 0, 0 order(s) working")
        bot.line_with("holds 0, wants 10")
        until(lambda: market.orders == [("BUY", "Submitted", 1)])
        bot.process.kill()

    with start() as bot:
        bot.line_with("begins with 0, 1 order(s) working")
        bot.line_with("holds 0, wants 10")
        market.minute(250.05)
        bot.line_with("holds 0, wants 10")
        bot.process.kill()
    assert market.orders == [("BUY", "Submitted", 1)]

    market.offer(bid=249.0, ask=249.1)
    until(lambda: market.position == 10)  # it fills while nobody is there

    with start() as bot:
        bot.line_with("begins with 10, 0 order(s) working")
        bot.line_with("holds 10, wants 10")
        market.minute(250.05)
        bot.line_with("holds 10, wants 10")
        market.past.rises = False
        market.minute(250.0)
        bot.line_with("holds 10, wants 0")
        until(lambda: market.orders[1:] == [("SELL", "Submitted", 1)])
        bot.process.kill()

    with start() as bot:
        bot.line_with("begins with 10, 1 order(s) working")
        bot.line_with("holds 10, wants 0")
        market.offer(bid=251.0, ask=251.1)
        until(lambda: market.position == 0)
        market.minute(249.9)
        bot.line_with("holds 0, wants 0")
        bot.process.send_signal(signal.SIGINT)
        assert bot.end() == 0
        assert bot.lines[-1].endswith("ends with 0; orders that work are left working")

    assert market.orders == [("BUY", "Filled", 1), ("SELL", "Filled", 1)]
    assert market.gateway.state().violations == []


def test_bot_changes_its_mind_while_its_order_works_and_cancels_it(market: Market, start: Start) -> None:
    with start() as bot:
        bot.line_with("holds 0, wants 10")
        until(lambda: market.orders == [("BUY", "Submitted", 1)])
        market.minute(249.0)
        bot.line_with("holds 0, wants 0")
        until(lambda: market.orders == [("BUY", "Cancelled", 1)])


def test_bot_whose_account_holds_less_than_its_journal_says_does_not_trade(market: Market, start: Start) -> None:
    market.offer(bid=249.0, ask=249.1)
    with start() as bot:
        bot.line_with("holds 0, wants 10")
        until(lambda: market.position == 10)
        market.minute(250.05)
        bot.line_with("holds 10, wants 10")
    by_hand = m.Order(action="SELL", order_type="MKT", total_quantity="10")
    market.gateway.call(lambda gateway: gateway.desk.place_manual(AAPL_CONTRACT, by_hand))
    with start() as bot:
        assert bot.end() == 1
        assert "the account holds 0, less than the 10 of the journal" in bot.lines[-1]


@on_virtual_time
async def test_gateway_that_restarts_finds_the_bot_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in variables(PORT, tmp_path).items():
        monkeypatch.setenv(name, value)
    in_virtual_time = partial(IBSession, clock=wall_clock, rng=random.Random(1), journal_in_thread=False)
    monkeypatch.setattr(moving_average_bot, "IBSession", in_virtual_time)
    feed = ScriptedFeed(quote(AAPL, 250.0, 1000, 250.1, 1000))
    clock = RealClock(wall_clock)
    async with SimulatedGateway(port=PORT, feed=feed, clock=clock, hours=RoundTheClock()) as gateway:
        past = SteadyPast(wall_clock())
        gateway.bars = past
        await asyncio.sleep(1)
        bot = asyncio.create_task(moving_average_bot.main(["AAPL", "--fast", "1", "--slow", "2"]))
        await asyncio.sleep(10)
        assert [order.status for order in gateway.state().orders] == ["Submitted"]
        await gateway.inject("fill_while_down", down_for_s=100)
        await asyncio.sleep(200)
        said = capsys.readouterr().out
        assert "Gap" in said
        assert "Resumed" in said
        past.rises = False
        await gateway.inject("restart", down_for_s=100)  # bars of the past are asked for again then
        await asyncio.sleep(400)
        assert "holds 10, wants 0" in capsys.readouterr().out
        bot.cancel()
        await asyncio.gather(bot, return_exceptions=True)
        assert [(one.action, one.times_received) for one in gateway.state().orders] == [("BUY", 1), ("SELL", 1)]
