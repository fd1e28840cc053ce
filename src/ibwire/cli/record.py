"""`ibwire record`: market data into a folder of Parquet files, until it is enough."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec import Struct

from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.frame import run
from ibwire.cli.line_writer import LineWriter
from ibwire.cli.options import AsJson, ClientId, Host, Port, Sim
from ibwire.cli.stopping import first_of, until_stopped
from ibwire.cli.stream_kinds import kinds_of, requests_for
from ibwire.contract_texts import parse_contract
from ibwire.recorder import Recorder
from ibwire.recording_schema import arrow
from ibwire.wire import messages as m

TELL_EVERY_S = 10.0


class Progress(Struct, frozen=True, kw_only=True):
    """How far a recording is. `is_over`: this line is the last, and all is on the disk."""

    directory: str
    streams: int
    rows: int
    written: int
    gaps: int
    took_s: float
    is_over: bool = False


def record(
    contracts: Annotated[list[str], typer.Argument(help="What: AAPL, EUR.USD, FUT:ES:CME:202612 …")],
    *,
    out: Annotated[Path, typer.Option(help="The folder; a recording that is there goes on.")],
    what: Annotated[str, typer.Option(help="Of quotes, ticks, depth, bars: a list with commas.")] = "quotes",
    seconds: Annotated[float | None, typer.Option(min=0.1, help="How long; else until Ctrl-C.")] = None,
    as_json: AsJson = False,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    sim: Sim = False,
) -> None:
    """Record what comes, gaps included, until Ctrl-C or SIGTERM; how far it is, is told every ten seconds.

    The files are Parquet, a folder for each instrument and day, and can be played again: `ibwire` reads them with
    `read_recording`, the simulator with `ParquetFeed`.

    Example: ibwire record AAPL MSFT --what quotes,ticks --out recordings
    """
    gateway = Gateway(host=host, port=port, client_id=client_id, sim=sim)
    run(_record(gateway, contracts, out, what, seconds, as_json=as_json))


async def _record(
    gateway: Gateway, texts: list[str], out: Path, what: str, seconds: float | None, *, as_json: bool
) -> None:
    kinds = kinds_of(what)
    asked = [parse_contract(text) for text in dict.fromkeys(texts)]
    arrow()  # before anything is asked for
    with LineWriter(lambda lines: f"{lines} lines were lost: nobody read them") as writer:
        told = Told(out, writer, as_json=as_json)
        try:
            await until_stopped(_keep(gateway, asked, kinds, out, told, seconds))
        finally:
            told.tell(is_over=True)


async def _keep(
    gateway: Gateway, asked: list[m.Contract], kinds: tuple[str, ...], out: Path, told: Told, seconds: float | None
) -> None:
    async with connected(gateway) as session:
        contracts = await session.contracts.qualify(asked)
        async with session.recorder(out) as recorder:
            told.recorder = recorder
            for contract in contracts:
                await recorder.record(*requests_for(contract, kinds))
            ends = [recorder.wait(), told.now_and_then()]
            if seconds is not None:
                ends.append(asyncio.sleep(seconds))
            await first_of(*ends)


class Told:
    """Tells how far a recording is: every ten seconds, and when it is over."""

    def __init__(self, out: Path, writer: LineWriter, *, as_json: bool) -> None:
        self._out = out
        self._writer = writer
        self._as_json = as_json
        self._started_s = time.monotonic()
        self.recorder: Recorder | None = None

    async def now_and_then(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(TELL_EVERY_S)
            self.tell()

    def tell(self, *, is_over: bool = False) -> None:
        """Say how far it is, if it has begun."""
        if self.recorder is None:
            return
        did = self.recorder.statistics()
        progress = Progress(
            directory=str(self._out),
            streams=did.streams,
            rows=did.rows,
            written=did.written,
            gaps=did.gaps,
            took_s=round(time.monotonic() - self._started_s, 3),
            is_over=is_over,
        )
        self._writer.write(msgspec.json.encode(progress).decode() if self._as_json else in_words(progress))


def in_words(progress: Progress) -> str:
    """One line for people."""
    rows = progress.written if progress.is_over else progress.rows
    told = f"{rows} rows of {progress.streams} streams in {progress.took_s:.0f} s, {progress.gaps} gaps"
    return f"recorded {told}, in {progress.directory}" if progress.is_over else told
