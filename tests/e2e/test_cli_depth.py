"""`ibwire depth` as a script uses it."""

from __future__ import annotations

import re

from tests.helpers.commands import ibwire


def test_book_of_all_venues_goes_into_a_pipe_a_line_for_each_change() -> None:
    result = ibwire("depth", "AAPL", "--rows", "3", "--count", "2", "--sim")
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert len(lines) == 2
    row = r"[\d.]+@[\d.]+"
    for line in lines:
        assert re.fullmatch(rf"\d\d:\d\d:\d\d AAPL bids {row}( {row}){{0,2}}  asks {row}( {row}){{0,2}}", line)


def test_book_that_cannot_be_had_is_one_line_with_a_hint() -> None:
    result = ibwire("depth", "AAPL", "--no-smart", "--sim")
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(r"error: \[10092\] [^\n]*; request: AAPL; hint: [^\n]*\n", result.stderr), result.stderr
