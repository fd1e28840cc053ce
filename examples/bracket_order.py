"""A bracket in a paper account: an entry with a limit, and what closes it at a profit or at a loss.

    python bracket_order.py AAPL --quantity 100 --profit 1 --loss 0.5

An entry that does not fill in time is cancelled, and its children with it. Once it has filled, the children are left
working: they are what protects the position.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal

from ibwire.contracts import Rounding, parse_contract
from ibwire.exceptions import IbwireError
from ibwire.orders import Bracket, bracket
from ibwire.price_grid import PriceGrid
from ibwire.session import IBSession
from ibwire.settings import Settings


def long_bracket(quantity: Decimal, price: float, grid: PriceGrid, profit: Decimal, loss: Decimal) -> Bracket:
    """Buy at `price`, sell `profit` percent above or `loss` percent below it, all at prices that an order may have."""
    entry = grid.round(price, Rounding.UP)
    return bracket(
        "BUY",
        quantity,
        limit_price=entry,
        take_profit_price=grid.round(entry * (1 + profit / 100)),
        stop_loss_price=grid.round(entry * (1 - loss / 100), Rounding.DOWN),
        tif="GTC",  # the children should still be there tomorrow
        order_ref="bracket example",
    )


async def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Place a bracket order.")
    parser.add_argument("contract", help="for instance AAPL")
    parser.add_argument("--quantity", type=Decimal, default=Decimal(100), help="how much to buy")
    parser.add_argument("--profit", type=Decimal, default=Decimal(1), help="take the profit so many percent above")
    parser.add_argument("--loss", type=Decimal, default=Decimal("0.5"), help="stop the loss so many percent below")
    parser.add_argument("--seconds", type=float, default=60, help="how long the entry may take to fill")
    options = parser.parse_args(arguments)
    async with IBSession(Settings.from_env()) as session:
        contract = await session.contracts.qualify(parse_contract(options.contract))
        grid = await session.contracts.price_grid(contract)
        quote = await session.market_data.snapshot(contract)
        if quote.ask is None or quote.is_delayed:
            sys.exit("no live ask, so no price to enter at")
        group = long_bracket(options.quantity, quote.ask, grid, options.profit, options.loss)
        whatif = await session.trading.what_if(contract, group.parent)
        print(f"initial margin {whatif.init_margin_before} -> {whatif.init_margin_after}, fee {whatif.commission}")
        entry, *children = await session.trading.place_group(contract, group)
        for order in (entry, *children):
            print(f"placed {order!r}")
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(options.seconds):
                    await entry.done()  # also when the link falls meanwhile: then the gateway is asked
        finally:  # the time is over, or Ctrl-C
            if not entry.is_over:
                await entry.cancel()
                await entry.done()
        print(f"entry {entry.status}: {entry.filled} at {entry.average_price} {entry.reason}")
        for child in children:
            print(repr(child))
        if entry.filled and all(child.is_over for child in children):
            print("the position has no orders that protect it (any more)")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass  # an entry that had not filled is cancelled
    except IbwireError as error:
        sys.exit(f"error: {error}")
