"""Faults of the link between the gateway and its clients, and of the gateway as a process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ibwire.simulator.clock import Clock
from ibwire.simulator.fault_values import BytesPerSecond, Seconds, Times
from ibwire.simulator.outbox import LinkConditions
from ibwire.simulator.session import ClientSession

GARBAGE = b"\x00\x00\x00\x0a\x00\x00\x00\xc9\xff\xff\xff\xff\xff\xff"
"""A whole frame of a tick price whose content is no protobuf."""

TRUNCATED = b"\x00\x00\x00\x40\x00\x00\x00\xc9\x08\x01"
"""The beginning of a frame that never goes on."""

OVERSIZED = b"\x7f\xff\xff\xff\x00\x00\x00\xc9"
"""A frame that says it is 2 GiB long."""


class Gateway(Protocol):
    """What these faults need of the gateway."""

    sessions: set[ClientSession]
    clock: Clock
    link: LinkConditions
    answers_hellos: bool
    refused_client_ids: int

    async def go_down(self) -> None:
        """Stop listening and cut every client."""

    async def come_back(self) -> None:
        """Listen again, on the same port."""


# --- on the connections there are


def disconnect(gateway: Gateway) -> None:
    """Close every connection there is in good order (FIN)."""
    for session in list(gateway.sessions):
        session.close()


def reset(gateway: Gateway) -> None:
    """Break every connection there is (RST)."""
    for session in list(gateway.sessions):
        session.reset()


def half_open(gateway: Gateway, *, is_on: bool = True, id_held_s: Seconds = 5.0) -> None:
    """Say nothing more on the connections there are and read nothing, but leave them open; new ones work.

    Their client ids stay in use for so many seconds, as those of crashed clients do (protocol notes, 5.4).
    """
    _silence(gateway.sessions, "half_open", is_on=is_on)
    for session in gateway.sessions:
        session.id_held_until_s = gateway.clock.elapsed_s() + id_held_s if is_on else None


async def stall(gateway: Gateway, *, for_s: Seconds) -> None:
    """Say nothing on the connections there are for so many seconds, then all of it."""
    sessions = list(gateway.sessions)
    _silence(sessions, "stall", is_on=True)
    await gateway.clock.sleep(for_s)
    _silence(sessions, "stall", is_on=False)


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


# --- on all, those to come as well


def slow(gateway: Gateway, *, bytes_per_second: BytesPerSecond = 1000.0, is_on: bool = True) -> None:
    """Send no more than so many bytes a second on each connection, new ones as well; the rest waits."""
    gateway.link.bytes_per_s = bytes_per_second if is_on else None


def split_writes(gateway: Gateway, *, is_on: bool = True) -> None:
    """Send everything but the hello in pieces of five bytes, on new connections as well: no frame arrives whole."""
    gateway.link.splits_writes = is_on


async def restart(gateway: Gateway, *, down_for_s: Seconds = 0.0) -> None:
    """Cut everybody, be away for so many seconds, and come back on the same port with the same orders."""
    await gateway.go_down()
    await gateway.clock.sleep(down_for_s)
    await gateway.come_back()


def hello_never_answered(gateway: Gateway, *, is_on: bool = True) -> None:
    """Accept connections from now on without a word, as a gateway does that waits for its login; others go on."""
    gateway.answers_hellos = not is_on


def client_id_in_use(gateway: Gateway, *, times: Times = 1) -> None:
    """Refuse so many clients to come with error 326, whatever their id; 0 ends it."""
    gateway.refused_client_ids = times


def clock_skew(gateway: Gateway, *, seconds: float) -> None:
    """Let the gateway's wall clock be so many seconds ahead, or behind if negative, for everybody; 0 ends it."""
    gateway.clock.skew_s = seconds


def _silence(sessions: Iterable[ClientSession], fault: str, *, is_on: bool) -> None:
    for session in sessions:
        if is_on:
            session.fall_silent(fault)
        elif session.silenced_by == fault:
            session.go_on()


def _write(sessions: Iterable[ClientSession], data: bytes) -> None:
    for session in sessions:
        session.send_bytes(data)
