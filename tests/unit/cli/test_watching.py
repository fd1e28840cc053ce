"""Streams shown as they come: lines, objects or a table, gaps where they were, and every way to end."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from ibwire.cli.quotes import QuotesView
from ibwire.cli.watching import Watch
from ibwire.exceptions import NoMarketDataPermission
from ibwire.gaps import Gap, GapReason, Resumed
from ibwire.quotes import Quote
from ibwire.streams import Stream
from ibwire.wire import messages as m
from tests.helpers.virtual_time import on_virtual_time

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUOTE = Quote(m.Contract(con_id=1), bid=1.0, ask=2.0, received_ns=0)

Quotes = Stream[Quote | Gap | Resumed]
Items = list[Quote | Gap | Resumed]
STORY: Items = [QUOTE, Gap(NOON, GapReason.FARM_DOWN, "usfarm"), Resumed(NOON), QUOTE]


def stream_of(items: Items, then: Callable[[Quotes], object] = lambda _: None) -> Quotes:
    def open_(stream: Quotes) -> None:
        for item in items:
            stream.deliver(item)
        then(stream)

    return Stream(100, open_, lambda _: None)


def watch(console: Console | None = None, **options: Any) -> Watch[Quote]:
    return Watch(QuotesView(["A", "B"]), console=console or Console(file=io.StringIO()), **options)


@on_virtual_time
async def _told(items: Items, **options: Any) -> None:
    await watch(**options).until_enough({"A": stream_of(items)})


def test_gap_and_its_end_stand_where_they_were_and_are_not_counted(capsys: pytest.CaptureFixture[str]) -> None:
    _told([*STORY, QUOTE], count=2)
    first, gap, resumed, last = capsys.readouterr().out.splitlines()
    assert first == last
    assert gap == "A          gap: farm down since 12:00:00 UTC (usfarm)"
    assert resumed == "A          resumed at 12:00:00 UTC"


def test_as_json_every_line_is_an_object_that_says_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    _told(STORY, count=2, as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["quote", "gap", "resumed", "quote"]
    assert {line["contract"] for line in lines} == {"A"}
    assert (lines[1]["reason"], lines[1]["detail"]) == ("farm_down", "usfarm")


def test_it_ends_after_so_many_seconds_also_if_nothing_comes(capsys: pytest.CaptureFixture[str]) -> None:
    _told([], seconds=3600)
    assert capsys.readouterr().out == ""


@on_virtual_time
async def test_it_ends_when_all_streams_have(capsys: pytest.CaptureFixture[str]) -> None:
    await watch().until_enough({label: stream_of([QUOTE], Stream.end) for label in "AB"})
    assert len(capsys.readouterr().out.splitlines()) == 2


@on_virtual_time
async def test_terminal_keeps_one_table_and_leaves_the_last_one_there() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80)
    await watch(console, seconds=2).until_enough({"A": stream_of([QUOTE]), "B": stream_of([STORY[1]])})
    shown = out.getvalue()
    assert shown.count("instrument") > 4  # drawn again and again, over what was there
    last = shown[shown.rindex("instrument") :]
    assert "live" in last
    assert "no data: farm down" in " ".join(last.replace("\x1b[31m", "").split())
    assert shown.endswith("\x1b[?25h")  # the cursor is back


@on_virtual_time
async def test_what_a_stream_ends_with_says_which_contract_it_was_about() -> None:
    refusal = NoMarketDataPermission("not subscribed", code=354, request="MarketDataRequest(…)")
    streams = {"A": stream_of([QUOTE]), "B": stream_of([], lambda stream: stream.fail(refusal))}
    with pytest.raises(ExceptionGroup) as caught:
        await watch().until_enough(streams)
    (error,) = caught.value.exceptions
    assert str(error).startswith("[354] not subscribed; request: B; hint: ")
