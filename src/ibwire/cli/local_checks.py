"""The checks of `ibwire doctor` that need no gateway: this machine, the settings, pacing, the journal."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from contextlib import closing
from importlib import metadata
from pathlib import Path

from ibwire.cli.findings import Finding, Verdict, bad, ok, warn
from ibwire.cli.frame import one_line
from ibwire.exceptions import ConfigurationError, IbwireError
from ibwire.halt_mark import HaltMark
from ibwire.journal_lock import holder_of
from ibwire.journal_reader import JournalReader, is_begun
from ibwire.order_states import OrderState
from ibwire.settings import Settings
from ibwire.shared_ledger import SharedLedger
from ibwire.time_zones import zone_named

EXTRAS = {"recording": "pyarrow", "ib_async": "ib_async", "calendar": "exchange_calendars"}
"""The library behind each extra."""

_IN_DOUBT = frozenset({OrderState.INTENT, OrderState.SENT, OrderState.UNCONFIRMED})


def environment() -> Finding:
    """Which ibwire, Python and system; and whether there are time zones, which Windows does not bring along."""
    what = (
        f"ibwire {_version('ibwire') or 'not installed'}, "
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{platform.system()} {platform.release().partition('-')[0]} {platform.machine()}"
    )
    try:
        zone_named("America/New_York")
    except IbwireError:
        return bad("environment", f"{what}, without time zones", "pip install tzdata")
    return ok("environment", what)


def extras(libraries: Mapping[str, str] = EXTRAS) -> Finding:
    """Which of the optional parts are installed; none is needed."""
    found = [f"{extra} ({library} {version})" for extra, library in libraries.items() if (version := _version(library))]
    missing = [extra for extra, library in libraries.items() if _version(library) is None]
    parts = [", ".join(found) or "none"]
    if missing:
        parts.append(f"not installed: {', '.join(missing)} (pip install 'ibwire[{','.join(missing)}]')")
    return ok("extras", "; ".join(parts))


def settings() -> tuple[Settings, Finding]:
    """The settings, and how they are; those that cannot be used are replaced by the defaults."""
    try:
        found = Settings.from_env()
    except ConfigurationError as error:
        fix = "correct them: `ibwire config` shows names and values, docs/settings.md what is allowed"
        return Settings(), bad("settings", one_line(error), fix)
    changed = [one for one in found.describe() if one.source != "default"]
    names = ", ".join(one.variable for one in changed)
    return found, ok("settings", f"{len(changed)} set: {names}" if changed else "all are the defaults")


def pacing(settings: Settings) -> Finding:
    """How fast messages may leave, and whether other processes are taken into account."""
    limit = settings.rate_limit
    rate = f"{limit.messages_per_second} messages a second with {limit.market_data_lines} market-data lines"
    ledger = limit.shared_ledger
    if ledger is None:
        holder = holder_of(settings.trading.journal_path)
        if holder is None:
            return ok("pacing", f"{rate}; no shared ledger: each process has a budget of its own")
        return warn(
            "pacing",
            f"{rate}, for each process; another one runs: {holder}",
            "let all processes on one login share a budget: set IBWIRE_RATE_LIMIT_SHARED_LEDGER to the same file",
        )
    try:
        SharedLedger(ledger)
    except ConfigurationError as error:
        fix = "set IBWIRE_RATE_LIMIT_SHARED_LEDGER to a file that this user may write"
        return bad("pacing", error.message, fix)
    return ok("pacing", f"{rate}, for all processes together: shared ledger {ledger}")


def journal(settings: Settings) -> Finding:
    """Whether the journal of orders is whole, who has it, and whether orders are in doubt or trading is halted."""
    path = settings.trading.journal_path
    try:
        found = _journal_at(path) if is_begun(path) else _no_journal(path)
    except (IbwireError, OSError) as error:
        return bad("journal", one_line(error), _MEND)
    halt = HaltMark(path).read()
    if halt is None or found.verdict is Verdict.FAIL:
        return found
    fixes = ("`ibwire resume` once the reason is gone", found.fix)
    return warn("journal", f"trading is halted: {halt.reason}; {found.text}", "; ".join(filter(None, fixes)))


def _journal_at(path: Path) -> Finding:
    """A journal that is there. Raises what reading it raises."""
    with closing(JournalReader(path)) as reader:
        problems = reader.problems()
        if problems:
            return bad("journal", f"{path}: {'; '.join(problems)}", _MEND)
        states = [order.state for order in reader.orders(only_open=True)]
    holder = holder_of(path)
    in_doubt = sum(state in _IN_DOUBT for state in states)
    found = f"{path} is whole, {len(states)} open orders, in use by {holder or 'nobody'}"
    if in_doubt and holder is None:  # with a holder, it may just have been sent
        fix = "start the program that placed them: it asks the gateway before anything else is sent"
        return warn("journal", f"{found}; of {in_doubt} it is not known whether they arrived", fix)
    return ok("journal", found)


_MEND = "`ibwire journal verify` says more; place no orders from it before the cause is known, and restore a copy"


def _no_journal(path: Path) -> Finding:
    folder = path.resolve().parent
    while not folder.exists():
        folder = folder.parent
    if os.access(folder, os.W_OK):
        return ok("journal", f"none yet: {path} will be begun with the first order")
    return bad(
        "journal",
        f"none yet, and {folder} cannot be written",
        "set IBWIRE_TRADING_JOURNAL_PATH to a place that this user may write",
    )


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None
