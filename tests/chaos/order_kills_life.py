"""A gateway that lives on, and the processes that trade with it and are killed, one after the other."""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from ibwire.journal_reader import JournalReader
from tests.chaos.order_kills_books import read, wrongs
from tests.chaos.order_kills_child import CLIENT_ID, Mission, trade
from tests.chaos.order_kills_gateway import serve
from tests.chaos.order_kills_points import POINTS

ANSWER_S = 20.0
PASSED_WITHIN_S = 1.0
"""How long a process may trade until it has passed its point; if it has not, another one gets a try."""

TRIES = 10
LAST_TRADING_S = 0.12
"""For how long the last process trades, which is not killed."""


class Kill(Struct, frozen=True):
    """One kill: at a point, or so many seconds after the process was started, or began to trade.

    `loses_link`: its link falls now and then while it trades.
    """

    seed: str
    point: str = ""
    nth: int = 1
    is_starting: bool = False
    after_s: float = 0.0
    meanwhile: str = ""
    loses_link: bool = False


class Wrong(Exception):
    """What was promised does not hold."""


class Outcome(Struct):
    """What some kills have seen."""

    points: Counter[str] = field(default_factory=Counter)
    moments: int = 0
    checks: int = 0
    orders: int = 0
    ends: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.points + other.points,
            self.moments + other.moments,
            self.checks + other.checks,
            self.orders + other.orders,
            self.ends + other.ends,
        )

    def __str__(self) -> str:
        kills, ends = self.points.total() + self.moments, ", ".join(f"{n} {state}" for state, n in self.ends.items())
        return (
            f"{kills} kills, {self.moments} at a moment and the others at {len(self.points)} of {len(POINTS)} points; "
            f"the books were compared {self.checks} times; {self.orders} orders: {ends}"
        )


class Peer:
    """A process at the other end of a line."""

    def __init__(self, target: Any, *arguments: Any) -> None:
        processes = multiprocessing.get_context("fork")
        self.line, other = processes.Pipe()

        def run() -> None:
            self.line.close()
            target(other, *arguments)

        self._process = processes.Process(target=run, daemon=True)
        self._process.start()
        other.close()

    def kill(self) -> None:
        """As `kill -9` does, if it lives still."""
        self._process.kill()
        self.ended()

    def ended(self) -> int | None:
        """How it ended, once it has."""
        self._process.join(ANSWER_S)
        code = self._process.exitcode
        self.line.close()
        return code


def answer(line: Connection, seconds: float = ANSWER_S) -> Any:
    """What is said next. Raises EOFError if the process is gone, TimeoutError if it says nothing."""
    if not line.poll(seconds):
        raise TimeoutError(f"nothing within {seconds:g} s")
    try:
        return line.recv()
    except ConnectionResetError:
        raise EOFError from None


class Life:
    """A gateway and a journal, and the processes that trade with them, one after the other."""

    def __init__(self, seed: str, outcome: Outcome) -> None:
        self._outcome = outcome
        self._folder = Path(tempfile.mkdtemp(prefix="order-kills-"))
        self._journal = self._folder / "journal.sqlite3"
        self._gateway = Peer(serve, seed)
        self._port = self._ask("port")
        self._child: Peer | None = None
        self._known: set[str] = set()
        self._begun = 0

    def close(self) -> None:
        """End every process, and keep nothing."""
        if self._child is not None:
            self._child.kill()
        self._gateway.kill()
        shutil.rmtree(self._folder)

    def kill(self, kill: Kill) -> None:
        """Start a process, look at its books if it gets so far, and kill it. Raises Wrong."""
        point = POINTS.get(kill.point)
        for _ in range(TRIES):
            if point is not None and point.after:
                self._die(Kill(f"{kill.seed} before", point.after))
            elif point is not None and point.ends_while_down:
                self._die(Kill(f"{kill.seed} before", after_s=0.05, meanwhile=kill.meanwhile))
            if self._die(kill):
                return
        raise Wrong(f"{kill.point!r} was not passed in {TRIES} processes")

    def finish(self, seed: str) -> None:
        """A last process, which is asked after its start, after it has traded, and to end in peace."""
        child = self._start(Kill(f"{seed} last", loses_link=True))
        self._expect(child, "ready")
        self._look(child)
        child.line.send("trade")
        time.sleep(LAST_TRADING_S)
        child.line.send("rest")
        self._look(child)
        child.line.send("stop")
        self._expect(child, "stopped")
        if child.ended() != 0:
            raise Wrong("the process could not end")
        self._child = None
        self._outcome.orders += len(self._known)
        self._outcome.ends.update(str(order.state) for order in read(self._journal, CLIENT_ID).orders.values())

    def _die(self, kill: Kill) -> bool:
        """Start a process and kill it; False if the point was not passed and it was killed somewhere else."""
        child = self._start(kill)
        is_at_point = True
        try:
            if kill.is_starting:
                self._wait_for(child, kill.after_s)
            else:
                self._expect(child, "ready")
                self._look(child)
                child.line.send("trade")
                self._wait_for(child, PASSED_WITHIN_S if kill.point else kill.after_s)
        except (EOFError, BrokenPipeError):
            pass
        else:
            is_at_point = not kill.point
            child.kill()
        code = child.ended()
        self._child = None
        if code != -9:
            raise Wrong(f"the process ended by itself, with {code}")
        if kill.point and is_at_point:
            self._outcome.points[kill.point] += 1
        else:
            self._outcome.moments += 1
        self._ask("go_on")
        self._ask("happen", kill.meanwhile)
        return is_at_point

    def _start(self, kill: Kill) -> Peer:
        self._begun += 1
        seed = f"{kill.seed}/{self._begun}"
        mission = Mission(self._port, self._journal, seed, kill.point, kill.nth, loses_link=kill.loses_link)
        self._child = Peer(trade, mission)
        return self._child

    def _wait_for(self, child: Peer, seconds: float) -> None:
        """Let it work for so long. Raises EOFError if it dies, and Wrong if something is wrong in it."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                _refuse(answer(child.line, left))
            except TimeoutError:
                return

    def _expect(self, child: Peer, what: str) -> Any:
        while True:
            try:
                said = answer(child.line)
            except TimeoutError:
                raise Wrong(f"the process was never {what!r}") from None
            _refuse(said)
            if said[0] == what:
                return said[1:]

    def _look(self, child: Peer) -> None:
        """Compare the books while nothing moves."""
        self._ask("still")
        child.line.send("show")
        (shown,) = self._expect(child, "books")
        truth, written = self._ask("state"), read(self._journal, CLIENT_ID)
        found = wrongs(truth, written, shown, CLIENT_ID)
        lost = self._known - written.orders.keys()
        if lost:
            found.append(f"the journal had {', '.join(sorted(lost))}")
        if found:
            raise Wrong("\n".join([*found, *stories(self._journal, found)]))
        self._known = set(written.orders)
        self._outcome.checks += 1
        self._ask("go_on")

    def _ask(self, *command: Any) -> Any:
        self._gateway.line.send(command)
        return answer(self._gateway.line)


def stories(journal: Path, wrong: Sequence[str]) -> Iterator[str]:
    """What the journal has of the orders that these sentences name."""
    reader = JournalReader(journal)
    for record in reader.records():
        if record.entry.client_ref and any(record.entry.client_ref in one for one in wrong):
            yield f"    {record.as_dict()}"
    reader.close()


def _refuse(said: Any) -> None:
    if said[0] == "wrong":
        raise Wrong(f"in the process: {said[1]}")
