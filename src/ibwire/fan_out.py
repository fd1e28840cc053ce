"""One producer, several consumers: what is subscribed once is given to everybody who wants it.

Each consumer has a bounded queue of its own, so a slow one hurts nobody else: it gets everything and, too far behind,
StreamOverflow; or, with `Newest` for a queue, what is newest of each kind. Knows nothing of what is passed on but the
marks of a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from ibwire.exceptions import IbwireError
from ibwire.gaps import Gap, Resumed
from ibwire.streams import Stream

T = TypeVar("T")


class FanOut(Generic[T]):
    """The consumers of one producer. `on_empty` is called when the last one has left, and may be so again and again."""

    def __init__(self, on_empty: Callable[[], None] = lambda: None) -> None:
        self._consumers: dict[Stream[T], Callable[[T], bool] | None] = {}
        self._listening: tuple[tuple[Stream[T], Callable[[T], bool] | None], ...] = ()
        self._on_empty = on_empty

    def __len__(self) -> int:
        """How many consumers there are."""
        return len(self._consumers)

    def add(self, consumer: Stream[T], *, where: Callable[[T], bool] | None = None, first: Iterable[T] = ()) -> None:
        """Give `consumer` what is known already (`first`), and from now on what is published and `where` says so."""
        self._consumers[consumer] = where
        self._listening = tuple(self._consumers.items())
        for item in first:
            if where is None or where(item):
                consumer.deliver(item)

    def remove(self, consumer: Stream[T]) -> None:
        """It wants no more; one that is not there is no mistake."""
        if consumer not in self._consumers:
            return
        del self._consumers[consumer]
        self._listening = tuple(self._consumers.items())
        if not self._consumers:
            self._on_empty()

    def publish(self, item: T) -> None:
        """Give `item` to everybody who wants it; waits for nobody."""
        for consumer, where in self._listening:  # one that overflows leaves meanwhile: this tuple stays as it is
            if where is None or where(item):
                consumer.deliver(item)

    def end(self, error: IbwireError | None = None) -> None:
        """Nothing more will come, because of `error` if there is one; what waits can still be taken."""
        consumers, self._consumers, self._listening = self._consumers, {}, ()
        for consumer in consumers:
            if error is None:
                consumer.end()
            else:
                consumer.fail(error)


class Newest(Generic[T]):
    """A queue for a consumer that wants what is, not all there was: of each `key` it keeps the newest item only.

    What it passed over is counted in `conflated`. Gaps are not lost: two that nobody has read yet become one, which
    began when the first did, and a Gap is always followed by its Resumed before the next.
    """

    def __init__(self, key: Callable[[T], Hashable] = lambda _: None) -> None:
        self._key = key
        self._items: dict[Hashable, T] = {}
        self._gaps = 0
        self.conflated = 0

    def __len__(self) -> int:
        return len(self._items)

    def append(self, item: T, /) -> None:
        """Add an item at the end, in place of the older one of its key."""
        place: Hashable
        if isinstance(item, Gap):
            place = Gap
            if Gap in self._items:
                self._items.pop((Resumed, self._gaps), None)
                item = self._items[Gap]
            else:
                self._gaps += 1
        elif isinstance(item, Resumed):
            place = (Resumed, self._gaps)
        else:
            place = (None, self._key(item))
            self.conflated += place in self._items
        self._items.pop(place, None)
        self._items[place] = item

    def popleft(self) -> T:
        """Take the item that has waited for longest."""
        return self._items.pop(next(iter(self._items)))
