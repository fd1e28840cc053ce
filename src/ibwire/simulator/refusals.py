"""Why a gateway does not take an order."""

from __future__ import annotations

from msgspec import Struct

from ibwire.simulator.knowledge import VALIDATING


class Refusal(Struct, frozen=True):
    """One of IBKR's codes and its text."""

    code: int
    text: str


def invalid(cause: str) -> Refusal:
    """The refusal of the gateway's generic validator (protocol notes, 1.11)."""
    return Refusal(321, f"{VALIDATING}{cause}")


def not_simulated(what: str) -> Refusal:
    """The refusal, by its name, of something that the simulator would otherwise silently ignore."""
    return invalid(f"the simulator does not know {what}")
