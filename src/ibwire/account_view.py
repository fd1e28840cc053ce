"""What a user holds of an account: its state now, and its changes as they come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar, cast

from msgspec import Struct

from ibwire.account_feed import AccountFeed, AccountRow, AccountUpdate
from ibwire.exceptions import NotReady
from ibwire.fan_out import Newest
from ibwire.gaps import Gap, Resumed
from ibwire.streams import Stream

R = TypeVar("R", bound=AccountRow)


class Known(Struct, Generic[R], frozen=True, kw_only=True):
    """What is known: the rows, and whether they are current; if not, they were until the `gap` began.

    They are always whole. `at` (aware UTC) is when the gateway last said something of them while they were current.
    """

    rows: tuple[R, ...]
    at: datetime
    is_current: bool
    gap: Gap | None = None


class AccountView(Generic[R]):
    """One kind of row of one subscription. Views of the same are one: they share it with everybody who looks at it.

    `ready` subscribes, `read` then tells the state at any time, `stream` the changes, `release` ends it again.
    `open_` gives the subscription, made if need be, `feed_of` the one there was last.
    """

    def __init__(
        self,
        kind: type[R],
        open_: Callable[[], AccountFeed],
        feed_of: Callable[[], AccountFeed | None],
        *,
        bound: int,
        timeout_s: float,
        where: Callable[[R], bool] = lambda _: True,
    ) -> None:
        self._kind = kind
        self._open = open_
        self._feed_of = feed_of
        self._bound = bound
        self._timeout_s = timeout_s
        self._where = where

    async def ready(self, timeout: float | None = None) -> Known[R]:
        """The state, whole and current; from now on it is kept so, until `release`.

        Waits for the first download, and in a gap for the next, at most `timeout` seconds (the default is the
        settings' `request_timeout_s`). Raises RequestTimeout after that, what IBKR refused it with (InvalidRequest for
        an account that is not this login's, SubscriptionLimitReached …), NotConnected if nobody connects again.
        """
        feed = self._open()
        waiting = object()
        feed.hold(waiting)
        try:
            await feed.until_current(self._timeout_s if timeout is None else timeout)
            feed.hold(self._kind)
            return self.read()
        finally:
            feed.let_go(waiting)

    def read(self) -> Known[R]:
        """The state as it is known now, without waiting; `is_current` says whether it is still to be relied on.

        Raises NotReady before there has been a whole download, and what the subscription ended with if it has.
        """
        feed = self._feed_of()
        if feed is not None and feed.error is not None:
            raise feed.error
        if feed is None or feed.is_over or feed.known_at is None:
            raise NotReady(f"no {self._kind.__name__} is known yet")
        rows = tuple(row for row in feed.table.rows if isinstance(row, self._kind) and self._where(row))
        gap = feed.table.gap
        return Known(rows=rows, at=feed.known_at, is_current=feed.table.is_current, gap=gap)

    def stream(self, *, bound: int | None = None, conflate: bool = False) -> Stream[R | Gap | Resumed]:
        """What is known, and then every change, as an async iterator; use `async with`, which leaves at the end.

        A position that is closed comes with quantity 0, a value that is gone without one. Between `Gap` and `Resumed`
        nothing comes; after it what has changed meanwhile. A consumer that is `bound` items behind (the default is the
        settings' `stream_bound`) gets those and then StreamOverflow; with `conflate` it gets the newest of each row.
        Raises what `ready` raises, but waits without limit.
        """
        consumer: Stream[R | Gap | Resumed]
        feed: AccountFeed | None = None

        def open_(_: object) -> None:
            nonlocal feed
            feed = self._open()
            known: list[AccountUpdate] = [*feed.table.rows, *([] if feed.table.gap is None else [feed.table.gap])]
            # Only what the consumer wants comes to it, which types cannot tell.
            feed.consumers.add(cast("Stream[AccountUpdate]", consumer), where=self._wants, first=known)

        def close(_: object) -> None:
            if feed is not None:
                feed.consumers.remove(cast("Stream[AccountUpdate]", consumer))

        waiting: Newest[R | Gap | Resumed] | None = Newest(_identity) if conflate else None
        consumer = Stream(bound or self._bound, open_, close, waiting)
        return consumer

    def release(self) -> None:
        """Keep it no more: the subscription ends when no stream reads it either. Safe to call again."""
        feed = self._feed_of()
        if feed is not None:
            feed.let_go(self._kind)

    def _wants(self, item: object) -> bool:
        return isinstance(item, Gap | Resumed) or (isinstance(item, self._kind) and self._where(item))


def _identity(item: object) -> object:
    return item.identity  # type: ignore[attr-defined]
