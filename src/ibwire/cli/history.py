"""`ibwire history`: bars and ticks of the past, into a file or onto stdout."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from msgspec import Struct
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ibwire.bar_series import ADJUSTED_LAST
from ibwire.cli.connecting import Gateway, connected
from ibwire.cli.download_bar import DownloadBar
from ibwire.cli.frame import is_on_terminal, run, say_json
from ibwire.cli.options import AsJson, ClientId, Host, Port, Sim
from ibwire.cli.record_files import check_writable, csv_of, json_lines_of, text_of, write_whole
from ibwire.cli.time_terms import bar_size_of, duration_of, moment_of
from ibwire.contract_texts import parse_contract
from ibwire.exceptions import IbwireError, RequestError
from ibwire.history_bars import Bars, Hole
from ibwire.history_spans import BAR_SIZES
from ibwire.history_store import BarStore
from ibwire.record_table import RecordTable
from ibwire.session import IBSession
from ibwire.wire import messages as m

T = TypeVar("T")

OF_DAYS, OF_MINUTES, OF_SECONDS, OF_TICKS = "1Y", "5d", "1h", "10m"
"""How far back it goes where neither `--duration` nor `--start` says so: of minutes, beyond any weekend."""

SHOWN_AT_EITHER_END = 20
"""A terminal shows so many of the first and of the last rows."""


class Summary(Struct, kw_only=True):
    """What was written; `holes` is None if nobody could say, for the reason in `holes_unknown`."""

    contract: str
    con_id: int
    what: str
    bar_size: str | None
    rows: int
    first: Any
    last: Any
    holes: tuple[Hole, ...] | None
    holes_unknown: str
    requests: int
    took_s: float
    out: str


class Wanted(Struct, frozen=True, kw_only=True):
    """What is asked for: a contract's text, `bar_size` None for ticks, and the options for `session.history`."""

    text: str
    bar_size: str | None
    what: str
    span: dict[str, Any]
    all_hours: bool


def history(
    contract: Annotated[str, typer.Argument(help="What: AAPL, EUR.USD, FUT:ES:CME:202612 …")],
    *,
    bar_size: Annotated[str, typer.Option(help="1s to 30s, 1m to 30m, 1h to 8h, 1d, 1w, or as IBKR writes it.")] = "1m",
    duration: Annotated[
        str | None,
        typer.Option(help="How far back: 90m, 2h, 3d, 2w, 6M (months), 1Y. Else 5d, of days 1Y, of seconds 1h."),
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="From when on, in place of --duration: 2026-11-20, 2026-11-20T14:30 (UTC).")
    ] = None,
    end: Annotated[str | None, typer.Option(help="Before when; else up to now.")] = None,
    what: Annotated[str, typer.Option(help="TRADES, MIDPOINT, BID, ASK, BID_ASK, ADJUSTED_LAST …")] = "TRADES",
    all_hours: Annotated[bool, typer.Option("--all-hours", help="Also outside of regular trading hours.")] = False,
    ticks: Annotated[bool, typer.Option("--ticks", help="Ticks in place of bars.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write a .parquet or .csv file, and go on with it if it was interrupted.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="Keep what comes in this file for good, and ask only for what it lacks.")
    ] = None,
    as_json: AsJson = False,
    host: Host = None,
    port: Port = None,
    client_id: ClientId = None,
    sim: Sim = False,
) -> None:
    """Download bars or ticks of the past, as fast as IBKR allows.

    Without `--out` a terminal shows the first and last rows, and a pipe gets all as CSV, or as JSON lines. With it an
    interrupted download goes on where it was when the same command is given again. Holes are told on stderr.

    Example: ibwire history AAPL --bar-size 5m --duration 1M --out aapl.parquet
    """
    gateway = Gateway(host=host, port=port, client_id=client_id, sim=sim)
    run(
        _download(
            gateway,
            lambda: _wanted(contract, bar_size, what, (duration, start, end), is_ticks=ticks, all_hours=all_hours),
            out,
            store,
            as_json=as_json,
        )
    )


def _wanted(
    text: str,
    bar_size: str,
    what: str,
    span: tuple[str | None, str | None, str | None],
    *,
    is_ticks: bool,
    all_hours: bool,
) -> Wanted:
    """The options as the library takes them. Raises BadOption for times that are none."""
    duration, start, end = span
    size = None if is_ticks else bar_size_of(bar_size)
    if duration is None and start is None:
        duration = _usual_duration(size)
    given = {
        "duration": None if duration is None else duration_of(duration),
        "start": moment_of("--start", start),
        "end": moment_of("--end", end),
    }
    return Wanted(text=text, bar_size=size, what=what.upper(), span=given, all_hours=all_hours)


def _usual_duration(bar_size: str | None) -> str:
    if bar_size is None:
        return OF_TICKS
    size = BAR_SIZES.get(bar_size)
    if size is None or timedelta(minutes=1) <= size.length < timedelta(days=1):
        return OF_MINUTES
    return OF_SECONDS if size.is_intraday else OF_DAYS


async def _download(
    gateway: Gateway, make: Callable[[], Wanted], out: Path | None, store: Path | None, *, as_json: bool
) -> None:
    wanted = make()  # in here, where what is wrong with it becomes one line
    asked = parse_contract(wanted.text)
    if out is not None:
        check_writable(out)
    started = time.monotonic()
    async with connected(gateway) as session:
        contract = await _named(wanted.text, session.contracts.qualify(asked))
        kept = store or (_beside(out, session.accounts) if out is not None and _can_be_kept(wanted, contract) else None)
        with DownloadBar(session.events) as progress:
            with _opened(kept, is_for_good=store is not None, say=progress.say) as opened:
                table = await _named(wanted.text, _ask(session, contract, wanted, opened, progress))
                if out is not None:
                    await asyncio.to_thread(write_whole, table, out)
            if kept is not None and store is None:
                _remove(kept)
    if out is None:
        _show(table, as_json=as_json)
        _tell_holes(table)
    else:
        took_s = round(time.monotonic() - started, 3)
        summary = _summary(wanted, contract, table, requests=progress.requests, took_s=took_s, out=out)
        _tell(summary, table, as_json=as_json)


async def _ask(
    session: IBSession, contract: m.Contract, wanted: Wanted, store: BarStore | None, progress: DownloadBar
) -> RecordTable[Any]:
    options = {**wanted.span, "what": wanted.what, "rth": not wanted.all_hours, "store": store}
    if wanted.bar_size is None:
        return await session.history.ticks(contract, **options, progress=progress.take_ticks)
    return await session.history.bars(contract, wanted.bar_size, **options, progress=progress.take)


async def _named(text: str, work: Awaitable[T]) -> T:
    """What fails about a contract is told with its text, not with the whole request."""
    try:
        return await work
    except RequestError as error:
        error.request = text
        raise


# --- what makes it go on where it was


def _can_be_kept(wanted: Wanted, contract: m.Contract) -> bool:
    """Adjusted prices and continuous futures change as a whole, so that they have to come in one piece."""
    return wanted.what != ADJUSTED_LAST and contract.sec_type != "CONTFUT"


def _beside(out: Path, accounts: tuple[str, ...]) -> Path:
    """Where an unfinished download is kept: what one login (or a simulator) gave is not mixed with another's."""
    login = hashlib.sha256(",".join(sorted(accounts)).encode()).hexdigest()[:4]
    return out.with_name(f"{out.name}.{login}.part")


@contextmanager
def _opened(path: Path | None, *, is_for_good: bool, say: Callable[[str], None]) -> Iterator[BarStore | None]:
    if path is None:
        yield None
        return
    is_empty = True
    try:
        with BarStore(path) as store:
            try:
                yield store
            finally:
                is_empty = store.is_empty
    except BaseException as error:
        if is_empty and not is_for_good:
            _remove(path)
        if is_empty:
            raise
        kept = f"what has come is kept in {path}, and the same command goes on from there"
        if isinstance(error, IbwireError):
            error.hint = f"{error.hint}; {kept}" if error.hint else kept
        elif isinstance(error, OSError):
            raise OSError(f"{error}; {kept}") from error
        else:
            say(f"not complete: {kept}")
        raise


def _remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        with suppress(OSError):  # another process may be at it
            path.with_name(name).unlink(missing_ok=True)


# --- what is told


def _when(record: Any) -> Any:
    return getattr(record, "start", None) or record.time


def _show(table: RecordTable[Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json_lines_of(table), nl=False)
    elif is_on_terminal():
        Console(highlight=False).print(_ends_of(table))
    else:
        typer.echo(csv_of(table), nl=False)


def _ends_of(table: RecordTable[Any]) -> Table:
    """The first and the last rows, narrow enough for a terminal of 80 columns: what is yes or no is left out."""
    names = [name for name in table[0].__struct_fields__ if not name.startswith("is_")]
    shown = Table(title=f"{len(table)} rows", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in names:
        shown.add_column(name, no_wrap=True, justify="left" if name in ("start", "time") else "right")
    left_out = len(table) - 2 * SHOWN_AT_EITHER_END
    first, last = (table[:SHOWN_AT_EITHER_END], table[-SHOWN_AT_EITHER_END:]) if left_out > 0 else (tuple(table), ())
    for record in first:
        shown.add_row(*(_cell(getattr(record, name)) for name in names))
    if last:
        shown.add_row(Text(f"… {left_out} more …"))
    for record in last:
        shown.add_row(*(_cell(getattr(record, name)) for name in names))
    return shown


def _cell(value: Any) -> Text:
    return Text(f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else text_of(value))


def _summary(
    wanted: Wanted, contract: m.Contract, table: RecordTable[Any], *, requests: int, took_s: float, out: Path
) -> Summary:
    return Summary(
        contract=wanted.text,
        con_id=contract.con_id or 0,
        what=wanted.what,
        bar_size=wanted.bar_size,
        rows=len(table),
        first=_when(table[0]),
        last=_when(table[-1]),
        holes=table.holes if isinstance(table, Bars) else (),
        holes_unknown=table.holes_unknown if isinstance(table, Bars) else "",
        requests=requests,
        took_s=took_s,
        out=str(out),
    )


def _tell(summary: Summary, table: RecordTable[Any], *, as_json: bool) -> None:
    if as_json:
        say_json(summary)
        return
    what = "ticks" if summary.bar_size is None else f"bars of {summary.bar_size}"
    typer.echo(f"{summary.out}: {summary.rows} {what} of {summary.contract}, {summary.first} to {summary.last}")
    _tell_holes(table)


def _tell_holes(table: RecordTable[Any]) -> None:
    """On stderr, so that a pipe gets rows only."""
    if not isinstance(table, Bars):
        return
    if table.holes is None:
        typer.echo(f"whether there are holes is not known: {table.holes_unknown}", err=True)
    for hole in table.holes or ():
        typer.echo(f"hole: no bars from {hole.start} until before {hole.end}", err=True)
