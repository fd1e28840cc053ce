"""The rows of one account subscription, kept right: what is known, whether it is current, and what changes.

A gateway sends all rows and an end (a download), then rows that changed. After a gap it sends another download, and a
position that was closed meanwhile has no row in it (protocol notes, 3.9 and 3.11). So the rules are:

    rows of a download are collected aside, and replace what was known when its end comes, never before
    a gap makes what is known old; it stays, marked so, until the next download is complete
    an end counts only for a download that is whole: not for one in whose middle a gap fell, since the gateway may have
    gone on where it was, nor for one of which IBKR says itself that its numbers are not to be trusted

Pure: it is fed, and returns what its consumers are to be told.
"""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum, auto
from typing import Generic, Protocol, Self, TypeVar

from ibwire.gaps import Gap, GapReason, Resumed


class Row(Protocol):
    """One fact of an account."""

    @property
    def identity(self) -> Hashable:
        """What it is about: a later row of the same identity replaces it."""

    @property
    def is_over(self) -> bool:
        """Whether it says that there is no such thing any more."""

    def emptied(self) -> Self:
        """The row that says so, for what is gone without one."""


R = TypeVar("R", bound=Row)


class Phase(Enum):
    """Where a table is."""

    FILLING = auto()
    """A download is under way, or is to be asked for again."""
    CURRENT = auto()
    IN_GAP = auto()


class AccountTable(Generic[R]):
    """The rows of one subscription."""

    def __init__(self) -> None:
        self.phase = Phase.FILLING
        self.gap: Gap | None = None
        """The gap that consumers were told of and that is not over."""
        self.is_known = False
        """Whether there has been a whole download."""
        self._rows: dict[Hashable, R] = {}
        self._incoming: dict[Hashable, R] = {}
        self._is_torn = False

    @property
    def is_current(self) -> bool:
        """Whether what is known is what is."""
        return self.phase is Phase.CURRENT

    @property
    def rows(self) -> tuple[R, ...]:
        """What is known: whole, but old unless the phase is CURRENT; in the order in which it first came."""
        return tuple(self._rows.values())

    def take(self, row: R) -> list[R | Gap | Resumed]:
        """A row has come."""
        if self.phase is Phase.CURRENT:
            return self._change(row)
        if row.is_over:
            self._incoming.pop(row.identity, None)
        else:
            self._incoming[row.identity] = row
        return []

    def end(self, resumed: Resumed) -> list[R | Gap | Resumed]:
        """The end of a download has come; `resumed` is what to say if it ends a gap."""
        if self.phase is not Phase.FILLING or self._is_torn:
            return []
        before, self._rows = self._rows, self._incoming
        news: list[R | Gap | Resumed] = [] if self.gap is None else [resumed]
        news += [row for identity, row in self._rows.items() if before.get(identity) != row]
        news += [row.emptied() for identity, row in before.items() if identity not in self._rows]
        self.phase, self.gap, self.is_known = Phase.CURRENT, None, True
        self._incoming = {}
        return news

    def begin_gap(self, gap: Gap) -> list[R | Gap | Resumed]:
        """From here on rows may be missing."""
        # Only a new link is sure to bring a new download.
        self._is_torn = self.phase is Phase.FILLING and gap.reason is not GapReason.LINK_LOST
        self.phase = Phase.IN_GAP
        if self.gap is not None:
            return []
        self.gap = gap
        return [gap]

    def end_gap(self) -> None:
        """Rows come again; what follows should be a download."""
        self._begin_download()

    def restart(self) -> None:
        """Everything is asked for again."""
        self._is_torn = False
        self._begin_download()

    def distrust(self, gap: Gap) -> list[R | Gap | Resumed]:
        """What comes is not to be trusted, nor what has come of this download; only asking again helps."""
        news = self.begin_gap(gap) if self.is_known else []
        self._begin_download()
        self._is_torn = True
        return news

    def _begin_download(self) -> None:
        self.phase, self._incoming = Phase.FILLING, {}

    def _change(self, row: R) -> list[R | Gap | Resumed]:
        before = self._rows.get(row.identity)
        if row.is_over:
            self._rows.pop(row.identity, None)
            return [] if before is None else [row]
        self._rows[row.identity] = row
        return [] if before == row else [row]
