"""The checks of `ibwire doctor` that need no gateway."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ibwire.cli import local_checks
from ibwire.cli.connecting import Gateway
from ibwire.cli.doctor import GATEWAY_CHECKS, diagnose
from ibwire.cli.findings import Verdict, as_dict, plain
from ibwire.halt_mark import HaltMark
from ibwire.journal_lock import JournalLock, holder_of
from ibwire.journal_records import Kind, entry
from ibwire.settings import RateLimitSettings, Settings, TradingSettings
from tests.helpers.journals import NOW, intent, key_of, opened, sent


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(trading=TradingSettings(journal_path=tmp_path / "journal.sqlite3"))


def test_journal_that_is_not_there_is_begun_with_the_first_order(settings: Settings) -> None:
    found = local_checks.journal(settings)
    assert found.verdict is Verdict.OK
    assert "will be begun" in found.text
    assert not settings.trading.journal_path.exists()


def test_journal_with_all_orders_ended_is_well(settings: Settings) -> None:
    with opened(settings.trading.journal_path) as journal:
        journal.write([intent(1), sent(1), entry(Kind.ENDED, NOW, key_of(1), detail="filled")])
    found = local_checks.journal(settings)
    assert found.verdict is Verdict.OK
    assert found.text.endswith("is whole, 0 open orders, in use by nobody")


def test_orders_of_which_nobody_knows_whether_they_arrived(settings: Settings) -> None:
    with opened(settings.trading.journal_path) as journal:
        journal.write([intent(1), sent(1)])
    found = local_checks.journal(settings)
    assert found.verdict is Verdict.WARN
    assert "of 1 it is not known whether they arrived" in found.text
    lock = JournalLock(settings.trading.journal_path, NOW)  # they may just have been sent
    held = local_checks.journal(settings)
    lock.release()
    assert held.verdict is Verdict.OK
    assert "in use by process" in held.text


def test_halt_is_told_with_its_reason_also_before_there_is_a_journal(settings: Settings) -> None:
    HaltMark(settings.trading.journal_path).set("fat finger", NOW)
    found = local_checks.journal(settings)
    assert (found.verdict, found.fix) == (Verdict.WARN, "`ibwire resume` once the reason is gone")
    assert found.text.startswith("trading is halted: fat finger; none yet: ")
    with opened(settings.trading.journal_path) as journal:
        journal.write([intent(1), sent(1)])
    both = local_checks.journal(settings)
    assert both.text.startswith("trading is halted: fat finger; ")
    assert both.text.endswith("of 1 it is not known whether they arrived")
    assert both.fix.startswith("`ibwire resume` once the reason is gone; start the program")


def test_damaged_journal_fails(settings: Settings) -> None:
    settings.trading.journal_path.write_bytes(b"this is no journal")
    found = local_checks.journal(settings)
    assert found.verdict is Verdict.FAIL
    assert "no SQLite database" in found.text


def test_who_has_the_journal_is_found_without_taking_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    assert holder_of(path) is None
    lock = JournalLock(path, NOW)
    assert "process" in (holder_of(path) or "")
    assert "process" in (holder_of(path) or "")  # it still has it
    lock.release()
    assert holder_of(path) is None


def test_holder_that_died_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    lock = JournalLock(path, NOW)
    note = path.with_name(f"{path.name}.holder")
    left_behind = note.read_bytes()
    lock.release()
    note.write_bytes(left_behind)
    assert holder_of(path) is None


def test_pacing_counts_other_processes_only_with_a_shared_ledger(settings: Settings, tmp_path: Path) -> None:
    alone = local_checks.pacing(settings)
    assert (alone.verdict, "45 messages a second" in alone.text) == (Verdict.OK, True)
    lock = JournalLock(settings.trading.journal_path, NOW)
    assert local_checks.pacing(settings).verdict is Verdict.WARN
    lock.release()
    shared = replace(settings, rate_limit=RateLimitSettings(shared_ledger=tmp_path / "ledger"))
    assert "for all processes together" in local_checks.pacing(shared).text


def test_ledger_that_cannot_be_kept_fails(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    shared = replace(settings, rate_limit=RateLimitSettings(shared_ledger=tmp_path / "file" / "ledger"))
    found = local_checks.pacing(shared)
    assert found.verdict is Verdict.FAIL
    assert "IBWIRE_RATE_LIMIT_SHARED_LEDGER" in found.fix


def test_extras_that_are_missing_are_named_with_the_way_to_get_them() -> None:
    found = local_checks.extras({"recording": "pyarrow", "magic": "no_such_library"})
    assert found.verdict is Verdict.OK
    assert found.text.startswith("recording (pyarrow ")
    assert found.text.endswith("not installed: magic (pip install 'ibwire[magic]')")


async def test_settings_that_cannot_be_used_fail_and_the_gateway_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IBWIRE_CONNECTION_PORT", "seven")
    found = await diagnose(Gateway(), symbol="AAPL", timeout_s=1)
    by_check = {one.check: one for one in found}
    assert by_check["settings"].verdict is Verdict.FAIL
    assert "IBWIRE_CONNECTION_PORT" in by_check["settings"].text
    assert all(by_check[check].verdict is Verdict.SKIP for check in GATEWAY_CHECKS)
    assert as_dict(found)["ok"] is False
    assert all("\n" not in line for line in plain(found).splitlines())
    assert len(plain(found).splitlines()) == len(found)
