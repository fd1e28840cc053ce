"""Faults of what the gateway serves: its own link to IBKR, the data farms, the market data.

They are told as IBKR tells them (protocol notes, 5.1 and 5.3), to every client that has started.
"""

from __future__ import annotations

from typing import Protocol

from ibwire.simulator import farms, link_faults
from ibwire.simulator.fault_values import Seconds, Times
from ibwire.simulator.instruments import by_local_symbol
from ibwire.simulator.knowledge import NO_ID
from ibwire.simulator.order_desk import OrderDesk

TEXT_1100 = "Connectivity between IBKR and Trader Workstation has been lost."
TEXT_1101 = "Connectivity between IBKR and Trader Workstation has been restored - data lost."
TEXT_1102 = "Connectivity between IBKR and Trader Workstation has been restored - data maintained."

NOTICES_PER_FLAP = 3
"""How often a gateway says 1100 while it is away at night: many times (protocol notes, 5.1)."""


class Gateway(link_faults.Gateway, Protocol):
    """What these faults need of the gateway besides."""

    desk: OrderDesk
    is_offline: bool
    has_competitor: bool
    farms_down: set[str]
    farms_asleep: set[str]
    silent_con_ids: set[int]


def connectivity_lost(gateway: Gateway) -> None:
    """Lose the link to IBKR: 1100, and nothing of the market until `connectivity_restored`."""
    gateway.is_offline = True
    _tell(gateway, 1100, TEXT_1100)
    for session in gateway.sessions:
        session.history.link_lost()


def connectivity_restored(gateway: Gateway, *, data_lost: bool) -> None:
    """Find the link to IBKR again: 1101 with every subscription gone, or 1102 with all of them going on."""
    gateway.is_offline = False
    if data_lost:
        for session in gateway.sessions:
            session.lose_subscriptions()
    _tell(gateway, *((1101, TEXT_1101) if data_lost else (1102, TEXT_1102)))


def farm_down(gateway: Gateway, *, farm: str, is_inactive: bool = False) -> None:
    """Lose a data farm: 2103, or 2105 for ushmds, and nothing from it until `farm_up`.

    An inactive one (2108, or 2107) only sleeps: the first request for something of it wakes it.
    """
    (gateway.farms_asleep if is_inactive else gateway.farms_down).add(farm)
    _tell(gateway, *(farms.inactive(farm) if is_inactive else farms.broken(farm)))
    for session in gateway.sessions if not is_inactive else ():
        session.history.farm_lost(farm)


def farm_up(gateway: Gateway, *, farm: str) -> None:
    """Find a data farm again: 2104, or 2106 for ushmds, and its data go on."""
    gateway.farms_down.discard(farm)
    gateway.farms_asleep.discard(farm)
    _tell(gateway, *farms.working(farm))


def silent_stream(gateway: Gateway, *, symbol: str, is_on: bool = True) -> None:
    """Send nobody any more quotes of an instrument (by its local symbol) and say nothing of it."""
    con_id = _con_id_of(symbol)
    if is_on:
        gateway.silent_con_ids.add(con_id)
    else:
        gateway.silent_con_ids.discard(con_id)


def depth_halted(gateway: Gateway, *, symbol: str) -> None:
    """Halt an instrument's book (by its local symbol): 316, and its streams end until they are asked for again."""
    for session in gateway.sessions:
        session.streams.depth.halt(_con_id_of(symbol))


def depth_reset(gateway: Gateway, *, symbol: str) -> None:
    """Reset an instrument's book (by its local symbol): 317, then all of it anew."""
    for session in gateway.sessions:
        session.streams.depth.reset(_con_id_of(symbol))


def competing_session(gateway: Gateway, *, is_on: bool = True) -> None:
    """Another login of the user takes the data: 10197 for every stream, new ones as well; they stay open and silent."""
    gateway.has_competitor = is_on
    for session in gateway.sessions if is_on else ():
        session.streams.tell_competition()


async def daily_reset(
    gateway: Gateway, *, flaps: Times = 2, flap_s: Seconds = 10.0, down_for_s: Seconds = 30.0
) -> None:
    """The night: the link to IBKR and its farms go and come (1100 several times, 2103, 2105, then 2104, 2106, 1102) so
    many times, then the gateway restarts and all have to connect again.
    """
    nightly = (farms.USUAL, farms.HISTORY_FARM)
    for _ in range(flaps):
        for _ in range(NOTICES_PER_FLAP):
            connectivity_lost(gateway)
            await gateway.clock.sleep(flap_s / NOTICES_PER_FLAP)
        for farm in nightly:
            farm_down(gateway, farm=farm)
        for farm in nightly:
            farm_up(gateway, farm=farm)
        connectivity_restored(gateway, data_lost=False)
        await gateway.clock.sleep(flap_s)
    await link_faults.restart(gateway, down_for_s=down_for_s)


def _con_id_of(symbol: str) -> int:
    instrument = by_local_symbol(symbol)
    assert instrument is not None, symbol  # faults are checked before they begin
    return instrument.con_id


def _tell(gateway: Gateway, code: int, text: str) -> None:
    for session in gateway.sessions:
        if session.client_id is not None:
            session.send_error(NO_ID, code, text)
