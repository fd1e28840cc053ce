"""Every fault of the simulator, and what a user of a session sees of it: data for `test_faults` and for the docs.

`docs/fault-matrix.md` is made from this (tools/generate_fault_docs.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from ibwire.simulator import SimulatedGateway

Inject = Callable[[SimulatedGateway], Awaitable[None]]

LOST = ("RECONNECTING", "CONNECTED")
"""The states that a lost and remade link goes through, apart from those of the attempts."""

NIGHTLY = ("gateway_connectivity_lost", "farm_down", "farm_up", "gateway_connectivity_restored")
"""The events of one flap of the night."""

RECOVERY = ("connection_lost", "reconnecting", "connection_established", "connection_recovered")
"""The events of a lost and remade link."""


class Case(Struct, frozen=True, kw_only=True):
    """One fault and its outcome.

    `states` and `events` are what the session goes through and tells, in order, repeats left out. `marks` is what the
    streams that are hit say between their messages; `hits` names those that are (all, if it is empty). `cuts`: requests
    under way fail with ConnectionLost, or are asked again if they may be. `fills`: orders that work are filled.
    `settles_s` bounds how long all of it takes.
    """

    name: str
    inject: Inject
    states: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    hits: tuple[str, ...] = ()
    cuts: bool = False
    fills: bool = False
    settles_s: float = 60.0
    seen: str
    """What a user sees, in words."""


def _plain(kind: str, **parameters: Any) -> Inject:
    async def inject(gateway: SimulatedGateway) -> None:
        await gateway.inject(kind, **parameters)

    return inject


def _in_turn(*steps: tuple[float, str, dict[str, Any]]) -> Inject:
    """Faults one after another, each after so many seconds."""

    async def inject(gateway: SimulatedGateway) -> None:
        for after_s, kind, parameters in steps:
            await asyncio.sleep(after_s)
            await gateway.inject(kind, **parameters)

    return inject


def _cut(
    name: str,
    seen: str,
    inject: Inject | None = None,
    *,
    before: tuple[str, ...] = (),
    told_before: tuple[str, ...] = (),
    marks_before: tuple[str, ...] = (),
    **more: Any,
) -> Case:
    """A fault that ends the link, after what comes `before`."""
    return Case(
        name=name,
        inject=inject or _plain(name),
        states=(*before, *LOST),
        events=(*told_before, *RECOVERY),
        marks=(*marks_before, "link_lost", "resumed"),
        cuts=True,
        seen=seen,
        **more,
    )


CASES: tuple[Case, ...] = (
    _cut("disconnect", "the link is made again at once, streams go on"),
    _cut("reset", "the same"),
    _cut("restart", "attempts with growing pauses until the gateway is back", _plain("restart", down_for_s=10.0)),
    _cut("half_open", "nothing for 15 s, then the link is cut and made again", _plain("half_open")),
    _cut("garbage_frame", "a frame that does not parse ends the link, nothing is guessed"),
    _cut("truncated_frame", "half a frame and the end: the link is made again"),
    _cut("oversized_frame", "a length that nothing can have ends the link"),
    _cut(
        "hello_never_answered",
        "each attempt fails with ConnectTimeout naming the hello, until the gateway answers",
        _in_turn(
            (0, "hello_never_answered", {}), (0, "disconnect", {}), (30, "hello_never_answered", {"is_on": False})
        ),
    ),
    _cut(
        "client_id_in_use",
        "the same id is tried again until it is free",
        _in_turn((0, "client_id_in_use", {"times": 3}), (0, "disconnect", {})),
    ),
    Case(
        name="stall",
        inject=_plain("stall", for_s=8.0),
        seen="everything comes late, nothing is lost",
    ),
    Case(
        name="connectivity_lost",
        inject=_in_turn((0, "connectivity_lost", {}), (20, "connectivity_restored", {"data_lost": False})),
        states=("DEGRADED", "CONNECTED"),
        events=("gateway_connectivity_lost", "gateway_connectivity_restored"),
        marks=("offline", "resumed"),
        seen="degraded until 1102; streams that do not tick then are asked for again",
    ),
    Case(
        name="connectivity_restored",
        inject=_in_turn((0, "connectivity_lost", {}), (20, "connectivity_restored", {"data_lost": True})),
        states=("DEGRADED", "CONNECTED"),
        events=("gateway_connectivity_lost", "gateway_connectivity_restored"),
        marks=("offline", "resumed"),
        seen="degraded until 1101; every stream is asked for again at once",
    ),
    Case(
        name="farm_down",
        inject=_in_turn((0, "farm_down", {"farm": "usfarm"}), (10, "farm_up", {"farm": "usfarm"})),
        events=("farm_down", "farm_up"),
        marks=("farm_down", "resumed"),
        hits=("AAPL", "MSFT"),
        seen="the streams of that farm have a gap, the others go on",
    ),
    Case(
        name="farm_up",
        inject=_plain("farm_up", farm="usfarm"),
        seen="nothing: a farm that was not lost",
    ),
    Case(
        name="silent_stream",
        inject=_in_turn(
            (0, "silent_stream", {"symbol": "AAPL"}), (40, "silent_stream", {"symbol": "AAPL", "is_on": False})
        ),
        events=("stream_stale",),
        marks=("stale", "resumed"),
        hits=("AAPL",),
        settles_s=120.0,
        seen="the stream is reported as stale after 30 s and asked for again",
    ),
    Case(
        name="competing_session",
        inject=_in_turn((0, "competing_session", {}), (3, "competing_session", {"is_on": False})),
        marks=("competing_session", "resumed"),
        seen="every stream has a gap until the other session ends; asked about with growing pauses",
    ),
    Case(
        name="slow",
        inject=_in_turn((0, "slow", {"bytes_per_second": 5000}), (20, "slow", {"is_on": False})),
        seen="everything comes late, nothing is lost",
    ),
    Case(
        name="split_writes",
        inject=_in_turn((0, "split_writes", {}), (10, "split_writes", {"is_on": False})),
        seen="nothing: frames are put together",
    ),
    Case(
        name="clock_skew",
        inject=_in_turn((0, "clock_skew", {"seconds": 30}), (70, "clock_skew", {"seconds": 0})),
        events=("warning",),
        settles_s=200.0,
        seen="a warning that the clocks differ, and by how much",
    ),
    _cut(
        "daily_reset",
        "degraded with each flap of the night, then attempts until the gateway is back",
        _plain("daily_reset"),
        before=("DEGRADED", "CONNECTED", "DEGRADED", "CONNECTED"),
        told_before=(*NIGHTLY, *NIGHTLY),
        marks_before=("offline", "resumed", "offline", "resumed"),
        settles_s=120.0,
    ),
    Case(name="depth_halted", inject=_plain("depth_halted", symbol="AAPL"), seen="nothing without a book"),
    Case(name="depth_reset", inject=_plain("depth_reset", symbol="AAPL"), seen="nothing without a book"),
    _cut("fill_while_down", "the link is made again; what was filled meanwhile is found by asking", fills=True),
    _cut("order_id_rollback", "the link is made again; order ids go on where they were, not where the gateway is"),
    *(
        Case(name=kind, inject=_plain(kind), seen="nothing, until the next order or its change comes")
        for kind in ("drop_order", "no_ack", "reject_order", "duplicate_live_order")
    ),
    *(
        Case(name=kind, inject=_plain(kind), seen="nothing, until there is news of an order")
        for kind in ("duplicate_status", "reorder_execution")
    ),
)
"""Every fault."""
