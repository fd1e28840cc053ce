"""`ibwire journal`: what a person, and a program, sees of the journal."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ibwire.cli.app import app
from ibwire.journal_file import JournalFile
from ibwire.journal_records import Kind, entry, heard
from tests.helpers.journals import NOW, intent, key_of, opened, ref_of, sent
from tests.helpers.order_stories import execution, status


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.sqlite3"
    with opened(path) as journal:
        journal.write([intent(1), sent(1), intent(2), sent(2)])
        journal.write([heard(status("Filled", 100, 0), NOW, key_of(1)), heard(execution(1, 100, 100), NOW, key_of(1))])
        journal.write([entry(Kind.ENDED, NOW, key_of(1), detail="filled")])
    return path


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["journal", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


def test_list_says_how_the_orders_stand(path: Path) -> None:
    orders = json.loads(run("list", "--path", path, "--json"))
    assert [(one["order_id"], one["state"], one["filled"]) for one in orders] == [
        (1, "filled", "100"),
        (2, "sent", "0"),
    ]
    assert orders[0]["client_ref"] == str(ref_of(1))
    assert (orders[0]["symbol"], orders[0]["average_price"]) == ("AAPL", "10")
    assert [one["order_id"] for one in json.loads(run("list", "--path", path, "--json", "--open"))] == [2]
    rows = list(csv.DictReader(io.StringIO(run("list", "--path", path))))
    assert [(row["order_id"], row["perm_id"], row["state"]) for row in rows] == [
        ("1", "1000041", "filled"),
        ("2", "", "sent"),
    ]


def test_show_tells_the_life_of_one_order_by_any_of_its_names(path: Path) -> None:
    for name in (ref_of(1), "1000041", "1"):
        rows = list(csv.DictReader(io.StringIO(run("show", name, "--path", path))))
        assert [row["kind"] for row in rows] == ["intent", "sent", "order_status", "execution", "ended"]
    assert rows[0]["what"] == "BUY 100 AAPL at a limit of 10.0, DAY"
    assert rows[2]["what"] == "Filled, 100 filled, 0 remaining"
    assert rows[3]["what"].startswith("BOT 100 at 10, execution ")
    assert rows[4]["what"] == "filled"
    told = json.loads(run("show", ref_of(1), "--path", path, "--json"))
    assert told["order"]["state"] == "filled"
    assert [one["sequence"] for one in told["records"]] == [1, 2, 5, 6, 7]
    assert "0 orders of the journal are called 4711" in run("show", "4711", "--path", path, code=1)


def test_export_writes_every_record_with_its_messages(path: Path) -> None:
    records = [json.loads(line) for line in run("export", "--path", path).splitlines()]
    assert [one["kind"] for one in records] == [
        *("intent", "sent", "intent", "sent", "order_status", "execution", "ended"),
    ]
    ((request,),) = [[one["PlaceOrderRequest"] for one in records[0]["messages"]]]
    assert request["order"]["lmt_price"] == 10.0
    assert records[0]["at"] == "2026-11-22T17:05:00+00:00"
    assert run("export", "--path", path, "--json") == run("export", "--path", path)
    some = run("export", "--path", path, "--order", ref_of(2)).splitlines()
    assert [json.loads(line)["sequence"] for line in some] == [3, 4]
    rows = list(csv.DictReader(io.StringIO(run("export", "--path", path, "--format", "csv"))))
    assert json.loads(rows[5]["messages"])[0]["ExecutionDetails"]["execution"]["shares"] == "100"


def test_verify_says_that_it_is_whole_also_while_it_is_written(path: Path) -> None:
    journal = JournalFile(path, NOW)
    assert "is whole: 7 records" in run("verify", "--path", path)
    found = json.loads(run("verify", "--path", path, "--json"))
    assert found == {"ok": True, "problems": [], "records": 7, "highest_order_ids": {"7": 2}}
    journal.close()


def test_verify_names_what_is_wrong_and_fails(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b"filled", b"killed"))
    assert "problem: record 7 is not what was written" in run("verify", "--path", path, code=1)
    found = json.loads(run("verify", "--path", path, "--json", code=1))
    assert found["ok"] is False
    assert found["problems"]


def test_a_journal_that_is_not_there_or_none_is_said(path: Path, tmp_path: Path) -> None:
    assert "there is no journal at" in run("list", "--path", tmp_path / "other", code=1)
    path.write_bytes(b"nothing of the kind" * 1000)
    assert "error: " in run("verify", "--path", path, code=1)


def test_the_journal_of_the_settings_is_the_default(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBWIRE_TRADING_JOURNAL_PATH", str(path))
    assert "7 records" in run("verify")
