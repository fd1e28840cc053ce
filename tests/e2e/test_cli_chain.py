"""`ibwire chain` as a script uses it."""

from __future__ import annotations

import json
import re

from tests.helpers.commands import ibwire


def test_chain_of_an_expiry_lists_calls_and_puts_around_the_market() -> None:
    listed = ibwire("chain", "AAPL", "--sim", "--json")
    assert (listed.returncode, listed.stderr) == (0, "")
    (chain,) = json.loads(listed.stdout)["chains"]
    expiry = chain["expiries"][0]
    result = ibwire("chain", "AAPL", "--expiry", expiry, "--strikes", "2", "--sim")
    assert (result.returncode, result.stderr) == (0, "")
    heading, *rows = (line.split("\t") for line in result.stdout.splitlines())
    assert len(rows) == 4
    deltas = [(float(row[heading.index("call_delta")]), float(row[heading.index("put_delta")])) for row in rows]
    assert all(call > 0 > put for call, put in deltas)
    assert deltas == sorted(deltas, reverse=True), "the higher the strike, the lower both"
    assert all(float(row[heading.index("call_bid")]) < float(row[heading.index("call_ask")]) for row in rows)
    assert [row[1][0] for row in (rows[0], *rows[2:])] == ["-", "+", "+"]
    assert rows[0][2].startswith(f"OPT:AAPL:{expiry.replace('-', '')}:C:{rows[0][0]}")


def test_contract_without_options_is_one_line_with_a_hint() -> None:
    result = ibwire("chain", "EUR.USD", "--sim")
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(r"error: no options on [^\n]*; hint: IBKR lists no options on it\n", result.stderr)
