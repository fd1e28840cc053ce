"""`ibwire contract` as a script uses it."""

from __future__ import annotations

import json

from tests.helpers.commands import ibwire


def test_contract_says_what_ibkr_knows() -> None:
    result = ibwire("contract", "EUR.USD", "--json", "--sim")
    assert (result.returncode, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    assert (found["con_id"], found["exchange"], found["time_zone"]) == (12087792, "IDEALPRO", "America/New_York")
    assert found["price_steps"] == [{"low_edge": "0.0", "increment": "0.00005"}]
    assert "LMT" in found["order_types"]


def test_ambiguous_text_lists_the_candidates_and_what_would_decide() -> None:
    result = ibwire("contract", "FUT:ES:CME", "--sim")
    assert result.returncode == 1
    heading, *rows = (line.split("\t") for line in result.stdout.splitlines())
    assert [row[heading.index("local_symbol")] for row in rows] == ["ESH4", "ESZ5", "ESH6", "ESM6", "ESU6"]
    assert result.stderr == (
        "error: FUT:ES:CME may be any of 5 contracts; hint: add last_trade_date_or_contract_month, or the con_id\n"
    )
