"""`python -m benchmarks.orders`: how long an order takes from `place()` to its bytes at the socket.

Idle, with the journal on the disk (and what that disk's fsync takes, beside it) and without a journal; and while 500
requests for history wait for their turn, ibwire and ib_async against the same process, which answers no order; those
that are idle take turns, in rounds. Beside them what a `write` of as many bytes takes that nothing comes before: it is
part of each of the others. Each order is placed when the one before it has left: at once, with all that is needed in
the processor's caches, or 30 ms later, with nothing in them. The time ends when the transport's `write` has returned.
It asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from unittest import mock

import ib_async

import ibwire.journal
from benchmarks import report
from ibwire.journal_records import Entry
from ibwire.order_state import TrackedOrder
from ibwire.orders import limit
from ibwire.session import IBSession
from ibwire.settings import ConnectionSettings, RateLimitSettings, Settings, TradingSettings, WatchdogSettings
from ibwire.wire import messages as m
from ibwire.wire.framing import encode_text_frame

APPLE = m.Contract(con_id=265598, symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
PAUSE_S = 0.03
"""Between orders: fewer than 45 a second, so that none waits. Where they come faster the limits are out of reach."""

ROUNDS = 4
"""How often those that are idle take turns."""

ORDER_BYTES = 400
"""About what an order takes on the wire."""

LOADED_PAUSE_S = 0.3
"""Between orders while requests wait: no more than the places that the limiter keeps free of them (5 a second)."""

HISTORY = 500
"""How many requests for history wait, as for charts of a whole index."""

TOKEN_S = 1 / 45
TARGETS = {"durable": 1.5e-3, "no journal": 150e-6}
Samples = list[float]


class NoJournal:
    """Keeps nothing: what is left is what the rest of the way costs."""

    def __init__(self, path: Path, now: datetime, **_: Any) -> None:
        self._mark = 0

    def mark(self, client_id: int) -> int:
        return self._mark

    def orders(self) -> list[TrackedOrder]:
        return []

    def perhaps_sent(self, at: datetime) -> list[Entry]:
        return []

    def placed_since(self, at: datetime) -> list[tuple[datetime, m.PlaceOrderRequest]]:
        return []

    async def write(self, *entries: Entry) -> None:
        self._mark = max(self._mark, *(one.order_id for one in entries))

    def note(self, *entries: Entry) -> None:
        pass

    async def aclose(self) -> None:
        pass


class Stopwatch:
    """When the last bytes were given to the kernel: wraps the `write` of whatever sends."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self.at_s = 0.0
        self._has_left = asyncio.Event()
        self.wanted: Callable[[bytes], bool] = lambda _: True

    def __call__(self, data: bytes) -> None:
        self._write(data)
        if self.wanted(data):
            self.at_s = time.perf_counter()
            self._has_left.set()

    def start(self) -> float:
        """Now; `after` waits for bytes that leave later."""
        self._has_left.clear()
        return time.perf_counter()

    async def after(self, began: float) -> float:
        """How long after this moment the wanted bytes left."""
        await self._has_left.wait()
        return self.at_s - began


@asynccontextmanager
async def gateway() -> AsyncIterator[int]:
    """The process that takes the orders; its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.order_gateway", stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    try:
        yield int(json.loads(await process.stdout.readline())["port"])
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def trading(
    port: int, folder: Path, *, has_journal: bool, has_limits: bool = True
) -> AsyncIterator[tuple[IBSession, Stopwatch]]:
    """A session that is ready to trade, and the stopwatch at its socket."""
    settings = Settings(
        connection=ConnectionSettings(port=port, request_timeout_s=300.0),
        rate_limit=RateLimitSettings() if has_limits else RateLimitSettings(market_data_lines=100_000),
        trading=TradingSettings(journal_path=folder / "journal.sqlite3", ack_timeout_s=300.0),
        watchdog=WatchdogSettings(idle_s=300.0),  # the process that takes the orders gives no sign of life
    )
    journal = ibwire.journal.Journal if has_journal else NoJournal
    with mock.patch.object(ibwire.journal, "Journal", journal):
        async with IBSession(settings) as session:
            await session.trading.ready()
            watch = Stopwatch(session.connection.write)
            watch.wanted = lambda frame: int.from_bytes(frame[4:8], "big") - 200 == 3
            session.connection.write = watch  # type: ignore[method-assign]
            yield session, watch


async def ours(session: IBSession, watch: Stopwatch, orders: int, *, pause_s: float = PAUSE_S) -> Samples:
    """So many orders, one after the other."""
    samples = []
    for number in range(orders):
        await asyncio.sleep(pause_s)
        order = limit("BUY", 1 + number, "187.20")
        began = watch.start()
        await session.trading.place(APPLE, order)
        samples.append(await watch.after(began))
    return samples


async def ours_loaded(port: int, folder: Path, orders: int) -> Samples:
    """The same while requests for history wait."""
    async with trading(port, folder, has_journal=True) as (session, watch):
        asked = [
            asyncio.ensure_future(session.request(history(m.Contract(con_id=at + 1, exchange="SMART"))))
            for at in range(HISTORY)
        ]
        await asyncio.sleep(0.5)
        samples = await ours(session, watch, orders, pause_s=LOADED_PAUSE_S)
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    return samples


def history(contract: m.Contract) -> m.HistoricalDataRequest:
    return m.HistoricalDataRequest(
        contract=contract, bar_size_setting="1 hour", duration="1 D", what_to_show="TRADES", use_rth=True, format_date=1
    )


async def bare(port: int, number: int, *, pause_s: float) -> Samples:
    """Nothing but `transport.write`, after the same pause: the part that is the event loop's and the kernel's."""
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, "127.0.0.1", port)
    transport.write(b"API\0" + encode_text_frame("v100..226"))
    samples = []
    for _ in range(number):
        await asyncio.sleep(pause_s)
        began = time.perf_counter()
        transport.write(bytes(ORDER_BYTES))
        samples.append(time.perf_counter() - began)
    transport.close()
    return samples


async def theirs(port: int, orders: int, *, waiting: int, pause_s: float = PAUSE_S) -> Samples:
    """ib_async's `placeOrder`, which has no journal; `waiting` requests for history come first, for each order anew."""
    samples: Samples = []
    for number in range(orders if waiting else 1):
        ib = ib_async.IB()
        await ib.connectAsync("127.0.0.1", port, clientId=1, fetchFields=ib_async.StartupFetchNONE)
        transport = ib.client.conn.transport
        ib.client.MaxRequests = 0 if pause_s < PAUSE_S else ib.client.MaxRequests  # 0 is no limit
        watch = Stopwatch(transport.write)
        watch.wanted = lambda frame: frame[4:6] == b"3\0"
        ib.client.conn.transport = mock.Mock(write=watch, close=transport.close)
        await asyncio.sleep(1.1)  # what connecting has sent does not count
        asked = [
            asyncio.ensure_future(ib.reqHistoricalDataAsync(share(at + 1), "", "1 D", "1 hour", "TRADES", useRTH=True))
            for at in range(waiting)
        ]
        await asyncio.sleep(0.5 if waiting else 0)
        for one in range(1 if waiting else orders):
            await asyncio.sleep(pause_s)
            order = ib_async.LimitOrder("BUY", 1 + number + one, 187.2)
            began = watch.start()
            ib.placeOrder(share(265598), order)
            samples.append(await watch.after(began))
        for future in asked:
            future.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        ib.client.conn.transport = transport
        with suppress(Exception):
            ib.disconnect()
        await asyncio.sleep(0.1)
    return samples


def share(con_id: int) -> ib_async.Contract:
    return ib_async.Contract(conId=con_id, symbol="AAPL", secType="STK", exchange="SMART", currency="USD")


def fsyncs(folder: Path, number: int) -> Samples:
    """What the disk takes to make a page durable, as the journal has it do."""
    samples = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(number):
            time.sleep(PAUSE_S / 3)
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fsync(file.fileno())
            samples.append(time.perf_counter() - began)
    return samples


async def run(arguments: argparse.Namespace) -> dict[str, Samples]:
    """Everything, one after the other; those that are idle by pause: `named`."""
    found: dict[str, Samples] = defaultdict(list)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder, number = Path(name), max(2, arguments.orders // ROUNDS)
        async with gateway() as port:
            for pause_ms in arguments.pause:
                pause_s, has_limits = pause_ms / 1e3, pause_ms / 1e3 >= PAUSE_S
                for _ in range(ROUNDS):
                    found["fsync"] += fsyncs(folder, number)
                    for title, has_journal in (("durable", True), ("no journal", False)):
                        async with trading(port, folder, has_journal=has_journal, has_limits=has_limits) as both:
                            found[named(title, pause_ms)] += await ours(*both, number, pause_s=pause_s)
                    found[named("ib_async", pause_ms)] += await theirs(port, number, waiting=0, pause_s=pause_s)
                    found[named("bare", pause_ms)] += await bare(port, number, pause_s=pause_s)
            found["durable, loaded"] = await ours_loaded(port, folder / "loaded", max(1, arguments.orders // 4))
            found["ib_async, loaded"] = await theirs(port, arguments.loaded, waiting=HISTORY)
    return found


def named(what: str, pause_ms: float) -> str:
    """The name of an idle row."""
    return f"{what}, after {pause_ms:g} ms"


IDLE_ROWS = {
    "durable": "ibwire, journal on the disk",
    "no journal": "ibwire, without a journal",
    "ib_async": "ib_async",
    "bare": f"a write of {ORDER_BYTES} bytes",
}
LOADED_ROWS = {
    "durable, loaded": f"ibwire, {HISTORY} requests wait",
    "ib_async, loaded": f"ib_async, {HISTORY} requests wait",
}


def as_text(machine: dict[str, Any], found: dict[str, Samples], pauses_ms: list[float]) -> str:
    """The table, and what was to be reached."""
    lines = [", ".join(f"{name} {value}" for name, value in machine.items()), ""]
    lines.append(f"{'milliseconds':36}{'median':>10}{'90 %':>10}{'longest':>10}{'orders':>8}")
    lines.append(row("fsync of 4 KiB on this disk", found["fsync"]))
    for pause_ms in pauses_ms:
        lines.append(f"one after the other, {pause_ms:g} ms of idleness between them")
        lines += [row(f"  {title}", found[named(name, pause_ms)]) for name, title in IDLE_ROWS.items()]
    lines += [row(title, found[name]) for name, title in LOADED_ROWS.items()]
    lines.append("")
    for pause_ms in pauses_ms:
        for name, target in TARGETS.items():
            lines.append(verdict(named(name, pause_ms), median(found[named(name, pause_ms)]), target))
    more = median(found["durable, loaded"]) - median(found[named("durable", max(pauses_ms))])
    return "\n".join((*lines, verdict("more when loaded", more, TOKEN_S)))


def row(title: str, samples: Samples) -> str:
    """A line of the table."""
    high = quantiles(samples, n=10)[-1] if len(samples) > 1 else samples[0]
    numbers = "".join(f"{one * 1e3:>10.3f}" for one in (median(samples), high, max(samples)))
    return f"{title:36}{numbers}{len(samples):>8}"


def verdict(name: str, value: float, target: float) -> str:
    """Whether a target was reached."""
    return f"{name:36}{value * 1e3:>10.3f}  target {target * 1e3:.3f}  {'met' if value <= target else 'missed'}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.orders", description=__doc__)
    parser.add_argument("--orders", type=int, default=200, help="how many orders each time")
    parser.add_argument(
        "--pause", type=float, nargs="+", default=[PAUSE_S * 1e3, 0], help="between orders, in ms, when idle"
    )
    parser.add_argument("--loaded", type=int, default=3, help="how many of ib_async's orders behind the requests")
    parser.add_argument("--folder", help="where the journal is: which disk is measured")
    parser.add_argument("--json", action="store_true", help="print one JSON object, in seconds, instead of the table")
    arguments = parser.parse_args()
    machine = report.machine()
    found = asyncio.run(run(arguments))
    print(json.dumps({"machine": machine, **found}) if arguments.json else as_text(machine, found, arguments.pause))


if __name__ == "__main__":
    main()
