"""A simulated gateway in a thread of its own, for clients and tests that block or run a loop themselves.

    with GatewayThread(seed=7) as gateway:
        ...connect any client to gateway.host, gateway.port
        gateway.start_fault("stall", for_s=5)

Everything may be called from any thread but the gateway's own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from operator import methodcaller
from types import TracebackType
from typing import Any, TypeVar

from ibwire.simulator.gateway import SimulatedGateway
from ibwire.simulator.generated_feed import GeneratedFeed
from ibwire.simulator.state import GatewayState

CALL_TIMEOUT_S = 60.0
"""How long a call into the gateway's thread may take."""

T = TypeVar("T")


class GatewayThread:
    """Takes the options of `SimulatedGateway`, and `seed` for a generated market. Use it in a `with` statement.

    Raises what the gateway raises: at the start if it cannot listen, at the end if its market broke meanwhile.
    """

    def __init__(self, *, seed: int | None = None, **options: Any) -> None:
        if seed is not None:
            if "feed" in options:
                raise TypeError("either 'seed' or 'feed' says what the market is")
            options["feed"] = GeneratedFeed(seed)
        self._options = options
        self._is_up = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="simulated gateway", daemon=True)

    def __enter__(self) -> GatewayThread:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it; returns when it can be connected to."""
        self._thread.start()
        self._is_up.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """Close every connection and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    @property
    def host(self) -> str:
        """Where it listens."""
        return self._gateway.host

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._gateway.port

    @property
    def control_port(self) -> int | None:
        """Where its HTTP control port is, if it was asked for."""
        return self._gateway.control_port

    def state(self) -> GatewayState:
        """The truth at this moment."""
        return self.call(SimulatedGateway.state)

    def inject(self, kind: str, **parameters: Any) -> None:
        """Let a fault happen; returns when it is over, or with one that lasts when it has begun. Raises BadFault."""
        self._await(lambda gateway: gateway.inject(kind, **parameters))

    def start_fault(self, kind: str, **parameters: Any) -> None:
        """Let a fault begin; returns at once. Raises BadFault."""
        self.call(lambda gateway: gateway.start_fault(kind, parameters))

    def set_quote(self, symbol: str, **changes: Any) -> None:
        """Set bid, bid_size, ask, ask_size, last or last_size of an instrument, by its local symbol.

        Raises ValueError for an instrument that does not exist.
        """
        instrument = self.call(lambda gateway: gateway.catalogue().by_local_symbol(symbol))
        if instrument is None:
            raise ValueError(f"no instrument has the local symbol {symbol!r}")
        self.call(methodcaller("set_quote", instrument.con_id, **changes))

    def advance(self, seconds: float) -> None:
        """Move a manual clock on, with all that falls due until then. Raises NotManual for a real one."""
        self._await(lambda gateway: gateway.advance(seconds))

    def call(self, function: Callable[[SimulatedGateway], T]) -> T:
        """What a function of the gateway gives, called in the gateway's own thread."""

        async def called(gateway: SimulatedGateway) -> T:
            return function(gateway)

        return self._await(called)

    def _await(self, work: Callable[[SimulatedGateway], Awaitable[T]]) -> T:
        async def done() -> T:
            return await work(self._gateway)

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(CALL_TIMEOUT_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:  # noqa: BLE001  it is raised where the thread was started or is joined
            self._failure = error
        finally:
            self._is_up.set()

    async def _live(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._gateway = SimulatedGateway(**self._options)
        async with self._gateway:
            self._is_up.set()
            endings = [asyncio.create_task(self._stopping.wait()), asyncio.create_task(self._gateway.failed())]
            try:
                await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for ending in endings:
                    ending.cancel()
                await asyncio.gather(*endings, return_exceptions=True)
