"""What IBKR has answered about contracts, kept in memory and, if a file is named, between runs.

What identifies a contract does not change; hours, ticks and chains do: whoever looks says how old an answer may be.
Errors are never kept. Knows records of the wire, not what they mean.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import msgspec

from ibwire.events import CacheTrouble, EventManager, EventType
from ibwire.settings import ContractSettings
from ibwire.wire import Message

if TYPE_CHECKING:
    from ibwire.answer_file import AnswerFile

MAX_IN_MEMORY = 10_000
"""How many answers are kept in memory, those used last."""

CLOCKS_DIFFER = timedelta(minutes=5)
"""An answer from further in the future than this was kept under a wrong clock, and is not used."""

M = TypeVar("M", bound=Message)

_log = logging.getLogger(__name__)


class ContractCache:
    """Answers by the kind of record they consist of, and a key.

    Trouble with the file is logged, and told as a WARNING event with `CacheTrouble`; the answers are then asked for
    anew, or kept in memory only.
    """

    def __init__(
        self, settings: ContractSettings, *, now: Callable[[], datetime], events: EventManager | None = None
    ) -> None:
        self.settings = settings
        self._now = now
        self._events = events
        self._file: AnswerFile | None = None
        if settings.cache is not None:
            from ibwire.answer_file import AnswerFile  # brings SQLite and file locks, which few sessions need

            self._file = AnswerFile(settings.cache, self._tell)
        self._memory: OrderedDict[tuple[str, str], tuple[datetime, Sequence[Message]]] = OrderedDict()

    def get(self, kind: type[M], key: str, max_age: timedelta) -> tuple[M, ...] | None:
        """The answer of that kind under `key`, if there is one that is not older than this."""
        name = (kind.__name__, key)
        kept = self._memory.get(name)
        if kept is None or not self._is_fresh(kept[0], max_age):
            kept = self._from_file(kind, key)
        if kept is None or not self._is_fresh(kept[0], max_age):
            return None
        self._remember(name, kept)
        return kept[1]  # type: ignore[return-value]  # the name has the kind in it

    def put(self, kind: type[M], key: str, answer: Sequence[M]) -> None:
        """Keep an answer that has just come."""
        now = self._now()
        self._remember((kind.__name__, key), (now, tuple(answer)))
        if self._file is not None:
            self._file.write(kind.__name__, key, now.timestamp(), msgspec.json.encode(answer))

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _is_fresh(self, at: datetime, max_age: timedelta) -> bool:
        return -CLOCKS_DIFFER <= self._now() - at < max_age

    def _remember(self, name: tuple[str, str], kept: tuple[datetime, Sequence[Message]]) -> None:
        self._memory[name] = kept
        self._memory.move_to_end(name)
        if len(self._memory) > MAX_IN_MEMORY:
            self._memory.popitem(last=False)

    def _from_file(self, kind: type[M], key: str) -> tuple[datetime, Sequence[M]] | None:
        row = self._file.read(kind.__name__, key) if self._file is not None else None
        if row is None:
            return None
        try:
            answer = msgspec.json.decode(row[1], type=tuple[kind, ...])  # type: ignore[valid-type]
            return datetime.fromtimestamp(row[0], self._now().tzinfo), answer
        except (msgspec.DecodeError, ValueError, OverflowError, OSError) as error:
            self._tell(f"the answer {kind.__name__} {key} cannot be read: {error}", "it is asked for anew")
            return None

    def _tell(self, problem: str, remedy: str) -> None:
        path = str(self.settings.cache)
        _log.warning("the cache of contracts %s: %s; %s", path, problem, remedy)
        if self._events is not None:
            self._events.emit(EventType.WARNING, CacheTrouble(path=path, problem=problem, remedy=remedy))
