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

RECOVERY = ("connection_lost", "reconnecting", "connection_established", "connection_recovered")
"""The events of a lost and remade link."""


class Case(Struct, frozen=True, kw_only=True):
    """One fault and its outcome.

    `states` and `events` are what the session goes through and tells, in order, repeats left out. `marks` is what the
    streams that are hit say between their messages; `hits` names those that are (all, if it is empty). `cuts`: requests
    under way fail with ConnectionLost, or are asked again if they may be. `settles_s` bounds how long all of it takes.
    """

    name: str
    inject: Inject
    states: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    hits: tuple[str, ...] = ()
    cuts: bool = False
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


def _cut(name: str, seen: str, inject: Inject | None = None, **more: Any) -> Case:
    """A fault that ends the link."""
    return Case(
        name=name,
        inject=inject or _plain(name),
        states=LOST,
        events=RECOVERY,
        marks=("link_lost", "resumed"),
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
        inject=_in_turn((0, "farm_up", {"farm": "usfarm"})),
        events=("farm_up",),
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
)
"""Every fault."""
