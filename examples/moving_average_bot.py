"""A moving-average bot for a paper account that survives being killed, and its gateway being restarted.

    python moving_average_bot.py AAPL --quantity 10 --fast 10 --slow 30

It holds `--quantity` while the fast average of the closes is above the slow one, and nothing otherwise. It keeps no
file of its own: the averages come from the bars' history, and what it holds is the sum of its orders' fills. Every
order is in the journal before it is sent; at each start and after each reconnect ibwire asks the gateway what became
of the orders that were open (open orders, completed orders, executions). So kill it whenever you like.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from statistics import fmean

from ibwire.contracts import parse_contract
from ibwire.exceptions import ConnectionFailed, IbwireError, OrderRejected, RateLimitError
from ibwire.gaps import Gap, Resumed
from ibwire.history_bars import Bar, Hole
from ibwire.journal_reader import JournalReader
from ibwire.order_handles import OrderHandle
from ibwire.order_state import TrackedOrder
from ibwire.order_states import OrderState
from ibwire.orders import limit
from ibwire.session import IBSession
from ibwire.settings import Settings
from ibwire.wire.messages import Contract


def say(what: object) -> None:
    """A line with the time; a bot's output is its diary."""
    print(f"{datetime.now(UTC):%F %T} {what}", flush=True)


def bought(order: TrackedOrder) -> Decimal:
    """How much an order has bought so far; negative if it sells."""
    return order.filled if order.order.action == "BUY" else -order.filled


class Bot:
    """One contract, one order at a time. Its tag is in each of its orders, so it knows them among all others."""

    def __init__(self, session: IBSession, contract: Contract, options: argparse.Namespace) -> None:
        self.session = session
        self.contract = contract
        self.options = options
        self.tag = f"ma-bot {contract.con_id}"
        self.closes: deque[float] = deque(maxlen=options.slow)
        self.held_before = Decimal(0)

    @property
    def orders(self) -> list[OrderHandle]:
        """Its orders: those that were open when it started, and those that it has placed since."""
        return [handle for handle in self.session.trading.orders if handle.tag == self.tag]

    @property
    def holds(self) -> Decimal:
        """What it holds: every fill of every order of its own, also those of earlier runs."""
        return self.held_before + sum(bought(handle.tracked) for handle in self.orders)

    async def start(self) -> None:
        """Find out where the last run left off, and whether the account agrees."""
        await self.session.trading.ready()
        followed = {handle.key.client_ref for handle in self.orders}
        with closing(JournalReader(self.session.settings.trading.journal_path)) as journal:
            ended = [one for one in journal.orders() if one.tag == self.tag and one.key.client_ref not in followed]
        self.held_before = sum(map(bought, ended), Decimal(0))
        positions = await self.session.account.positions().ready()
        account = sum(row.quantity for row in positions.rows if row.contract.con_id == self.contract.con_id)
        say(f"begins with {self.holds}, {sum(not one.is_over for one in self.orders)} order(s) working")
        if account < self.holds:
            sys.exit(f"the account holds {account}, less than the {self.holds} of the journal: find out why first")

    async def run(self) -> None:
        """Look at the averages whenever a bar has closed. After a gap the bars that were missed come first."""
        grid = await self.session.contracts.price_grid(self.contract)
        is_new = False
        bars = self.session.history.keep_up_to_date(self.contract, self.options.bar_size, duration=self.options.history)
        async with bars:
            async for item in bars:
                match item:
                    case Bar(is_closed=True):
                        self.closes.append(item.close)
                        is_new = True
                    case Bar() if is_new and len(self.closes) == self.options.slow:  # the bars before it have closed
                        is_new = False
                        await self.decide(grid.round(self.closes[-1]))
                    case Gap() | Resumed() | Hole():
                        say(item)

    async def decide(self, price: Decimal) -> None:
        """Bring what it holds to what the averages say, with a limit order at the last close."""
        fast, slow = fmean(list(self.closes)[-self.options.fast :]), fmean(self.closes)
        target = self.options.quantity if fast > slow else Decimal(0)
        say(f"close {price}, averages {fast:.3f} and {slow:.3f}: holds {self.holds}, wants {target}")
        try:
            await self.trade(target, price)
        except (ConnectionFailed, RateLimitError) as error:
            say(f"not now, the next bar decides again: {error}")

    async def trade(self, target: Decimal, price: Decimal) -> None:
        """Place one order if it takes one; while one works (or nobody knows whether it does) there is no second."""
        refused = next((one for one in self.orders if one.status is OrderState.REJECTED), None)
        if refused is not None:
            raise OrderRejected(refused.reason)  # a person should look at that before there is another one
        working = [one for one in self.orders if not one.is_over]
        for handle in working:
            if (handle.order.action == "BUY") != (target > 0):
                await handle.cancel()
        missing = target - self.holds
        if working or not missing:
            return
        order = limit("BUY" if missing > 0 else "SELL", abs(missing), price, order_ref=self.tag)
        handle = await self.session.trading.place(self.contract, order)
        say(f"placed {handle!r}")


async def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="A moving-average bot for a paper account.")
    parser.add_argument("contract", help="what to trade, for instance AAPL or FUT:ES:CME:202612")
    parser.add_argument("--quantity", type=Decimal, default=Decimal(10), help="how much to hold")
    parser.add_argument("--fast", type=int, default=10, help="bars of the fast average")
    parser.add_argument("--slow", type=int, default=30, help="bars of the slow average")
    parser.add_argument("--bar-size", default="1 min", help="as IBKR writes it")
    parser.add_argument("--history", help="how far back to look at the start, for instance '2 D'; a day if not given")
    options = parser.parse_args(arguments)
    async with IBSession(Settings.from_env()) as session:
        bot = Bot(session, await session.contracts.qualify(parse_contract(options.contract)), options)
        await bot.start()
        try:
            await bot.run()
        finally:
            say(f"ends with {bot.holds}; orders that work are left working")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass  # Ctrl-C is how it ends
    except IbwireError as error:
        sys.exit(f"error: {error}")
