"""What can go wrong with a gateway, on demand: `await gateway.inject("restart", down_for_s=3)`.

A fault is a function of the gateway and its parameters, in one table by name. Faults of the link act on every client
that is connected; those of the gateway's own link to IBKR are told as IBKR tells them (protocol notes, 5.1).
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

from ibwire.simulator import farms
from ibwire.simulator.instruments import by_local_symbol
from ibwire.simulator.knowledge import NO_ID
from ibwire.simulator.order_faults import ORDER_FAULTS
from ibwire.simulator.session import ClientSession

TEXT_1100 = "Connectivity between IBKR and Trader Workstation has been lost."
TEXT_1101 = "Connectivity between IBKR and Trader Workstation has been restored - data lost."
TEXT_1102 = "Connectivity between IBKR and Trader Workstation has been restored - data maintained."

GARBAGE = b"\x00\x00\x00\x0a\x00\x00\x00\xc9\xff\xff\xff\xff\xff\xff"
"""A whole frame of a tick price whose content is no protobuf."""

TRUNCATED = b"\x00\x00\x00\x40\x00\x00\x00\xc9\x08\x01"
"""The beginning of a frame that never goes on."""

OVERSIZED = b"\x7f\xff\xff\xff\x00\x00\x00\xc9"
"""A frame that says it is 2 GiB long."""


class Gateway(Protocol):
    """What faults need of the gateway."""

    sessions: set[ClientSession]
    is_offline: bool
    answers_hellos: bool
    refused_client_ids: int
    farms_down: set[str]
    silent_con_ids: set[int]
    has_competitor: bool

    async def go_down(self) -> None:
        """Stop listening and cut every client."""

    async def come_back(self) -> None:
        """Listen again, on the same port."""


def disconnect(gateway: Gateway) -> None:
    """Close every connection in good order (FIN)."""
    for session in list(gateway.sessions):
        session.close()


def reset(gateway: Gateway) -> None:
    """Break every connection (RST)."""
    for session in list(gateway.sessions):
        session.reset()


def half_open(gateway: Gateway) -> None:
    """Say nothing more on the connections there are and read nothing, but leave them open."""
    for session in gateway.sessions:
        session.stall()


async def stall(gateway: Gateway, *, for_s: float) -> None:
    """Say nothing on the connections there are for so many seconds, then all of it."""
    sessions = list(gateway.sessions)
    for session in sessions:
        session.stall()
    await asyncio.sleep(for_s)
    for session in sessions:
        session.go_on()


async def restart(gateway: Gateway, *, down_for_s: float = 0.0) -> None:
    """Cut everybody, be away for so many seconds, and come back on the same port with the same orders."""
    await gateway.go_down()
    await asyncio.sleep(down_for_s)
    await gateway.come_back()


def garbage_frame(gateway: Gateway) -> None:
    """Send every client a frame that does not parse."""
    _write(gateway.sessions, GARBAGE)


def truncated_frame(gateway: Gateway) -> None:
    """Send every client half a frame, and close."""
    _write(gateway.sessions, TRUNCATED)
    disconnect(gateway)


def oversized_frame(gateway: Gateway) -> None:
    """Send every client a frame whose length nothing can have."""
    _write(gateway.sessions, OVERSIZED)


def connectivity_lost(gateway: Gateway) -> None:
    """Lose the link to IBKR: 1100, and nothing of the market until it is restored."""
    gateway.is_offline = True
    _tell(gateway.sessions, 1100, TEXT_1100)
    for session in gateway.sessions:
        session.history.link_lost()


def connectivity_restored(gateway: Gateway, *, data_lost: bool) -> None:
    """Find the link to IBKR again: 1101 with every subscription gone, or 1102 with all of them going on."""
    gateway.is_offline = False
    if data_lost:
        for session in gateway.sessions:
            session.streams.end_all()
    _tell(gateway.sessions, *((1101, TEXT_1101) if data_lost else (1102, TEXT_1102)))


def farm_down(gateway: Gateway, *, farm: str) -> None:
    """Lose a market-data farm: 2103, and no quotes of its instruments until `farm_up`."""
    gateway.farms_down.add(_known_farm(farm))
    _tell(gateway.sessions, *farms.broken(farm))
    for session in gateway.sessions:
        session.history.farm_lost(farm)


def farm_up(gateway: Gateway, *, farm: str) -> None:
    """Find a market-data farm again: 2104, and its quotes go on."""
    gateway.farms_down.discard(_known_farm(farm))
    _tell(gateway.sessions, *farms.working(farm))


def silent_stream(gateway: Gateway, *, symbol: str, is_on: bool = True) -> None:
    """Send no more quotes of an instrument (by its local symbol) and say nothing of it; or go on with them."""
    con_id = _con_id_of(symbol)
    if is_on:
        gateway.silent_con_ids.add(con_id)
    else:
        gateway.silent_con_ids.discard(con_id)


def depth_halted(gateway: Gateway, *, symbol: str) -> None:
    """Halt an instrument's book (by its local symbol): 316, and its streams end until they are asked for again."""
    con_id = _con_id_of(symbol)
    for session in gateway.sessions:
        session.streams.depth.halt(con_id)


def depth_reset(gateway: Gateway, *, symbol: str) -> None:
    """Reset an instrument's book (by its local symbol): 317, then all of it anew."""
    con_id = _con_id_of(symbol)
    for session in gateway.sessions:
        session.streams.depth.reset(con_id)


def competing_session(gateway: Gateway, *, is_on: bool = True) -> None:
    """Another login of the user takes the data: 10197 for every stream, which stays open and silent; or that ends."""
    gateway.has_competitor = is_on
    for session in gateway.sessions if is_on else ():
        session.streams.tell_competition()


def hello_never_answered(gateway: Gateway, *, is_on: bool = True) -> None:
    """Accept connections from now on without a word, as a gateway does that waits for its login; or stop doing so."""
    gateway.answers_hellos = not is_on


def client_id_in_use(gateway: Gateway, *, times: int = 1) -> None:
    """Refuse so many clients to come with error 326, whatever their id."""
    gateway.refused_client_ids = times


FAULTS: dict[str, Callable[..., Awaitable[None] | None]] = ORDER_FAULTS | {
    fault.__name__: fault
    for fault in (
        disconnect,
        reset,
        half_open,
        stall,
        restart,
        garbage_frame,
        truncated_frame,
        oversized_frame,
        connectivity_lost,
        connectivity_restored,
        farm_down,
        farm_up,
        silent_stream,
        depth_halted,
        depth_reset,
        competing_session,
        hello_never_answered,
        client_id_in_use,
    )
}
"""Every fault by its name."""


async def inject(gateway: Gateway, kind: str, **parameters: Any) -> None:
    """Let a fault happen; returns when it is over.

    Raises ValueError for a kind, farm or symbol that does not exist, TypeError for parameters that it does not have.
    """
    fault = FAULTS.get(kind)
    if fault is None:
        raise ValueError(f"no fault is called {kind!r}; there are {', '.join(sorted(FAULTS))}")
    done = fault(gateway, **parameters)
    if inspect.isawaitable(done):
        await done


def _known_farm(farm: str) -> str:
    if farm not in farms.FARMS:
        raise ValueError(f"no farm is called {farm!r}; there are {', '.join(farms.FARMS)}")
    return farm


def _con_id_of(symbol: str) -> int:
    instrument = by_local_symbol(symbol)
    if instrument is None:
        raise ValueError(f"no instrument has the local symbol {symbol!r}")
    return instrument.con_id


def _tell(sessions: Iterable[ClientSession], code: int, text: str) -> None:
    for session in sessions:
        if session.client_id is not None:
            session.send_error(NO_ID, code, text)


def _write(sessions: Iterable[ClientSession], data: bytes) -> None:
    for session in sessions:
        session.send_bytes(data)
