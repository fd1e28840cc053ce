"""What `ibwire sim` prints: everything in order, and how much was lost when nobody read it."""

from __future__ import annotations

import json
import os
import threading

import pytest

from ibwire.cli import line_writer
from ibwire.cli.announcer import Announcer, LinesLost, describe
from ibwire.simulator.happenings import FaultNews, Violation


def test_every_line_is_printed_in_order(capfd: pytest.CaptureFixture[str]) -> None:
    with Announcer(as_json=True) as announcer:
        for number in range(500):
            announcer.tell(FaultNews(at_s=number, kind="slow", parameters={"is_on": False}))
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [line["at_s"] for line in lines] == list(range(500))
    assert lines[0] == {"event": "fault", "at_s": 0, "kind": "slow", "parameters": {"is_on": False}}


def test_lines_that_nobody_reads_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_writer, "MOST_LINES", 2)
    may_write, printed = threading.Event(), list[bytes]()

    def write(_: int, data: bytes) -> int:
        may_write.wait(10)
        printed.append(data)
        return len(data)

    monkeypatch.setattr(os, "write", write)
    announcer = Announcer(as_json=True)
    for number in range(5):  # its thread does not run yet: two wait, three are lost
        announcer.tell(FaultNews(at_s=number, kind="reset", parameters={}))
    may_write.set()
    with announcer:
        while announcer._writer.waiting:
            may_write.wait(0.001)
        announcer.tell(FaultNews(at_s=9, kind="reset", parameters={}))
    told = [json.loads(line) for line in printed]
    assert [line["at_s"] for line in told] == [0, 1, 9, 9]
    assert (told[2]["event"], told[2]["lines"]) == ("lines_lost", 3)


def test_lines_for_people_say_who_and_what() -> None:
    fault = FaultNews(at_s=3661.0, kind="restart", parameters={"down_for_s": 3.0})
    assert describe(fault) == "01:01:01 fault restart down_for_s=3.0"
    stranger = Violation(at_s=0.0, client_id=None, code=326, text="Unable")
    assert describe(stranger) == "00:00:00 violation by a client that has not started: 326 Unable"
    assert describe(LinesLost(at_s=0.0, lines=7)) == "00:00:00 7 lines were lost: nobody read them"
