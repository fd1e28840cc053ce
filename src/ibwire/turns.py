"""One message's turn in the queue of the rate limiter."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from ibwire.exceptions import IbwireError
from ibwire.pacing import Claim
from ibwire.wire.catalogue import Lane


class TurnState(Enum):
    """Where a message is on its way out."""

    WAITING = "waiting"
    GRANTED = "granted"
    OVER = "over"


class Turn:
    """One message's place in the queue. `cancel` gives it up, before its turn or after, once."""

    __slots__ = (
        "_give_back",
        "claims",
        "deadline",
        "fail",
        "grant",
        "lane",
        "number",
        "session",
        "since",
        "state",
    )

    def __init__(
        self,
        give_back: Callable[[Turn], None],
        lane: Lane,
        claims: tuple[Claim, ...],
        grant: Callable[[], None],
        fail: Callable[[IbwireError], None],
    ) -> None:
        self._give_back = give_back
        self.lane = lane
        self.claims = claims
        self.grant = grant
        self.fail = fail
        self.state = TurnState.WAITING
        self.number = 0
        self.session = 0
        self.since = 0.0
        self.deadline = 0.0

    def __lt__(self, other: Turn) -> bool:
        return self.number < other.number

    def cancel(self) -> bool:
        """Give up the place, or what it holds open after its turn; whether it was still waiting."""
        was_waiting = self.state is TurnState.WAITING
        self._give_back(self)
        return was_waiting
