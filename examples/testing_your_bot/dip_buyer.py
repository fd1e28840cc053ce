"""A small bot, written so that it can be tested: it is given its session, and does one thing.

python dip_buyer.py AAPL --below 240 --quantity 10
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from decimal import Decimal

from ibwire.contracts import parse_contract
from ibwire.exceptions import IbwireError
from ibwire.order_handles import OrderHandle
from ibwire.orders import limit
from ibwire.quotes import Quote
from ibwire.session import IBSession
from ibwire.settings import Settings
from ibwire.wire.messages import Contract

TAG = "dip buyer"


async def buy_the_dip(session: IBSession, contract: Contract, below: Decimal, quantity: Decimal) -> OrderHandle:
    """Wait until something is offered below a price, and buy it there; the order, once it has ended.

    An order of an earlier run that is still open is followed to its end, and no second one is placed.
    """
    await session.trading.ready()
    mine = [handle for handle in session.trading.orders if handle.tag == TAG]
    if mine:
        handle = mine[-1]
    else:
        await offered_below(session, contract, below)
        handle = await session.trading.place(contract, limit("BUY", quantity, below, order_ref=TAG))
    await handle.done()
    return handle


async def offered_below(session: IBSession, contract: Contract, price: Decimal) -> None:
    """Wait for a live ask below a price: not for a delayed one, nor for one from before a gap."""
    async with session.market_data.quotes(contract) as quotes:
        async for item in quotes:
            match item:
                case Quote(ask=ask, is_delayed=False, is_stale=False) if ask is not None and ask < price:
                    return


async def main() -> None:
    parser = argparse.ArgumentParser(description="Buy once when the price is low.")
    parser.add_argument("contract", help="for instance AAPL")
    parser.add_argument("--below", type=Decimal, required=True, help="the price")
    parser.add_argument("--quantity", type=Decimal, default=Decimal(10), help="how much")
    options = parser.parse_args()
    async with IBSession(Settings.from_env()) as session:
        contract = await session.contracts.qualify(parse_contract(options.contract))
        print(repr(await buy_the_dip(session, contract, options.below, options.quantity)))


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass  # an order that works is left working; the next run follows it
    except IbwireError as error:
        sys.exit(f"error: {error}")
