"""What the documentation names exists: modules and what is in them, methods, settings, events, tests, commands."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import ib_async
import pytest
import typer.main

from ibwire.account import Account
from ibwire.cli.app import app
from ibwire.connection import ConnectionManager
from ibwire.contracts import Contracts
from ibwire.events import EventManager, EventType
from ibwire.history import History
from ibwire.history_bars import Bars
from ibwire.ib_async import IB
from ibwire.market_data import MarketData
from ibwire.option_chains import OptionChain
from ibwire.order_handles import OrderHandle
from ibwire.quotes import Quote
from ibwire.session import IBSession
from ibwire.settings import SECTIONS, Settings, variables_of
from ibwire.trading import Trading
from tests.helpers.named_tests import exists

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]

OBJECTS: dict[str, type] = {
    "session": IBSession,
    "session.account": Account,
    "session.contracts": Contracts,
    "session.history": History,
    "session.market_data": MarketData,
    "session.trading": Trading,
    "session.connection": ConnectionManager,
    "session.events": EventManager,
    "session.ib": IB,
    "handle": OrderHandle,
    "quote": Quote,
    "bars": Bars,
    "chain": OptionChain,
    "settings": Settings,
    **{f"settings.{name}": section for name, section in SECTIONS.items()},
}
"""What the pages call objects of these classes."""

NO_MODULE = re.compile(r"ibwire\.(?:recording|git|env|service)(?:\.example)?")
"""What looks like a module and is none: the key of a file's metadata, and files."""

FAMILIES = {"ORDER", "TRADING", "CONNECTION", "STREAM", "FARM", "GATEWAY"}
"""The first words of events, by which they are known among other names in capitals."""


def code_of(page: Path) -> str:
    """What stands between backticks, and in blocks of code."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```.*?^ *```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", rest)])


def unresolved(path: str) -> bool:
    """Whether `ibwire.a.b` is neither a module nor something in one."""
    parts = path.split(".")
    for number in range(len(parts), 0, -1):
        try:
            thing: Any = import_module(".".join(parts[:number]))
        except ModuleNotFoundError:
            continue
        return any((thing := getattr(thing, name, None)) is None for name in parts[number:])
    return True


def has(owner: type, name: str) -> bool:
    """Whether objects of a class have this attribute."""
    names = {*dir(owner), *getattr(owner, "__annotations__", ())}
    return name in names or re.search(rf"self\.{name}\b.* = ", inspect.getsource(owner)) is not None


def wrong_attributes(code: str) -> Iterator[str]:
    for path in re.findall(r"(?<![\w.\"'/-])((?:session|handle|quote|bars|chain|settings)(?:\.[a-z_]\w*)+)", code):
        names = path.split(".")
        for number in range(1, len(names)):
            owner = OBJECTS.get(".".join(names[:number]))
            if owner is not None and not has(owner, names[number]):
                yield path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_names_on_the_page_exist(page: Path) -> None:
    code = code_of(page)
    names = set(re.findall(r"(?<![\w./-])ibwire(?:\.[A-Za-z_]\w*)+(?![\w/])", code))
    assert [name for name in sorted(names) if not NO_MODULE.fullmatch(name) and unresolved(name)] == []
    assert sorted(set(wrong_attributes(code))) == []
    variables = set(re.findall(r"(?<![A-Z_])(?:IBWIRE|TWS_TEST)_[A-Z_]+[A-Z]\b", code))
    known = {*variables_of().values(), *variables_of("TWS_TEST_").values()}
    assert {name for name in variables if name not in known and "CAMPAIGN" not in name} == set()
    events = {name for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", code) if name.partition("_")[0] in FAMILIES}
    assert events <= set(EventType.__members__)
    assert [test for test in re.findall(r"\b\w+/[\w/]+\.py::test_\w+", code) if not exists(test)] == []


def test_the_commands_on_the_pages_exist_with_their_options() -> None:
    group: Any = typer.main.get_command(app)
    wrong = set()
    for page in PAGES:
        for line in code_of(page).splitlines():
            match = re.match(r"(?:[$>] )?(?:\S*[/\\])?ibwire ([a-z]+)(.*)", line.strip())
            if match is None or match[1] == "is":
                continue
            command = group.commands.get(match[1])
            options = {name for one in getattr(command, "params", ()) for name in (*one.opts, *one.secondary_opts)}
            given = re.findall(r"--[a-z-]+", match[2].partition("#")[0])
            is_group = hasattr(command, "commands")
            if command is None or (not is_group and not {*given, "--help"} <= {*options, "--help"}):
                wrong.add(f"{page.name}: {line.strip()}")
    assert wrong == set()


def test_ib_asyncs_names_in_the_table_of_calls_are_ib_asyncs() -> None:
    table = (ROOT / "docs" / "migration.md").read_text(encoding="utf-8")
    theirs = "".join(line.split(" | ")[0] for line in table.splitlines() if line.startswith("| "))
    methods = set(re.findall(r"`ib\.(\w+)", theirs))
    assert {name for name in methods if not hasattr(ib_async.IB, name)} == set()
    requests = {name for name in re.findall(r"\b(?:req|cancel)[A-Z]\w+", theirs) if name not in methods}
    assert {name for name in requests if not hasattr(ib_async.IB, name)} == set()
    events = set(re.findall(r"\b\w+Event\b", theirs)) - {"updateEvent"}
    assert events <= {*ib_async.IB.events}
    covered = {name for name in dir(ib_async.IB) if name.startswith("req") and not name.endswith("Async")}
    assert {name for name in covered if name not in table} == set()
