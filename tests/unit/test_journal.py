"""The journal for asyncio: in order, off the loop, and an order followed anew from its records."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from msgspec.structs import replace

from ibwire import journal as journal_module
from ibwire.exceptions import DuplicateOrderId, IbwireError, JournalUnwritable
from ibwire.journal import Journal
from ibwire.journal_file import JournalFile
from ibwire.journal_reader import JournalReader
from ibwire.journal_records import Entry, Kind, entry, heard, perhaps_sent, replay
from ibwire.order_state import TrackedOrder
from ibwire.order_states import OrderState
from ibwire.order_types import limit
from ibwire.order_wire import place_request
from ibwire.wire import messages as m
from tests.helpers.campaigns import campaign
from tests.helpers.journals import NOW, intent, key_of, records_of, ref_of, sent
from tests.helpers.order_stories import CONTRACT, PERM_ID, Story, execution, open_order, status, stories, tracked
from tests.helpers.virtual_time import on_virtual_time


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


@asynccontextmanager
async def opened(
    path: Path, *, is_threaded: bool = True, failures: list[IbwireError] | None = None
) -> AsyncIterator[Journal]:
    told = failures if failures is not None else list[IbwireError]()
    journal = Journal(path, NOW, is_threaded=is_threaded, on_failure=told.append)
    try:
        yield journal
    finally:
        await journal.aclose()


def refuse_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: JournalFile, entries: object) -> list[IbwireError | None]:
        raise JournalUnwritable(f"{self.path}: database or disk is full")

    monkeypatch.setattr(JournalFile, "write", full)


# --- writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_threaded", [True, False])
async def test_when_write_returns_it_is_on_the_disk(path: Path, *, is_threaded: bool) -> None:
    async with opened(path, is_threaded=is_threaded) as journal:
        await journal.write(intent(1))
        assert [one.entry for one in records_of(path)] == [intent(1)]
        assert journal.mark(7) == 1
        with pytest.raises(DuplicateOrderId):
            await journal.write(intent(1))


async def test_everything_is_written_in_the_order_asked_for(path: Path) -> None:
    async with opened(path) as journal:
        journal.note(intent(1))
        writes = [asyncio.create_task(journal.write(intent(number))) for number in range(2, 50)]
        await asyncio.sleep(0)  # the tasks begin
        journal.note(sent(1))
        await asyncio.gather(*writes)
    assert [one.entry for one in records_of(path)] == [*(intent(number) for number in range(1, 50)), sent(1)]


async def test_what_comes_together_goes_to_the_disk_together(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = 0
    write = JournalFile.write

    def counted(self: JournalFile, entries: list[Entry]) -> list[IbwireError | None]:
        nonlocal commits
        commits += 1
        return write(self, entries)

    monkeypatch.setattr(JournalFile, "write", counted)
    async with opened(path) as journal:
        await asyncio.gather(*(journal.write(intent(number)) for number in range(1, 101)))
    assert len(records_of(path)) == 100
    assert commits <= 3


async def test_one_refused_intent_fails_alone(path: Path) -> None:
    async with opened(path) as journal:
        results = await asyncio.gather(
            journal.write(intent(5)), journal.write(intent(4)), journal.write(intent(6)), return_exceptions=True
        )
    assert [type(one) for one in results] == [type(None), DuplicateOrderId, type(None)]


@pytest.mark.parametrize("is_threaded", [True, False])
@pytest.mark.parametrize("next_is", ["an order", "the end"])
async def test_a_full_disk_refuses_the_order_and_what_was_noted_is_told_and_written_when_there_is_room(
    next_is: str, path: Path, monkeypatch: pytest.MonkeyPatch, *, is_threaded: bool
) -> None:
    failures: list[IbwireError] = []
    async with opened(path, is_threaded=is_threaded, failures=failures) as journal:
        await journal.write(intent(1))
        with monkeypatch.context() as patched:
            refuse_writes(patched)
            journal.note(sent(1))
            for _ in range(2):
                with pytest.raises(JournalUnwritable, match="disk is full"):
                    await journal.write(intent(2))
        assert [str(one).split(";")[0] for one in failures] == [f"{path}: database or disk is full"]
        if next_is == "an order":
            await journal.write(intent(3))
    expected = [intent(1), sent(1)] + ([intent(3)] if next_is == "an order" else [])
    assert [one.entry for one in records_of(path)] == expected


@pytest.mark.parametrize("is_threaded", [True, False])
async def test_who_waits_hears_of_any_error_and_the_next_record_is_written(path: Path, *, is_threaded: bool) -> None:
    async with opened(path, is_threaded=is_threaded) as journal:
        with pytest.raises(JournalUnwritable, match="surrogates"):
            await journal.write(replace(sent(1), detail="\ud800"))
        await journal.write(intent(1))
    assert [one.entry for one in records_of(path)] == [intent(1)]


def test_what_a_program_noted_that_never_closed_it_is_written(path: Path) -> None:
    program = """
import asyncio, sys, time
from pathlib import Path
from ibwire.journal import Journal
from ibwire.journal_file import JournalFile
from tests.helpers.journals import NOW, intent, sent

def slow(self, entries, write=JournalFile.write):
    time.sleep(0.1)
    return write(self, entries)

async def main():
    journal = Journal(Path(sys.argv[1]), NOW)
    await journal.write(intent(1))
    JournalFile.write = slow
    for _ in range(100):
        journal.note(sent(1))

asyncio.run(main())
"""
    command = [sys.executable, "-c", program, str(path)]
    subprocess.run(command, check=True, timeout=30, cwd=Path(__file__).parents[2])
    assert len(records_of(path)) == 101


def test_a_commit_that_fails_leaves_no_trace(path: Path) -> None:
    """The failing disk is one that fails at the last step, when the rows are in."""

    class Failing(sqlite3.Connection):
        fails = False

        def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:  # type: ignore[override]
            if self.fails and sql == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(sql, *arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        connect = sqlite3.connect
        patched.setattr(sqlite3, "connect", lambda *args, **named: connect(*args, factory=Failing, **named))
        journal = JournalFile(path, NOW)
    journal.write([intent(1)])
    journal._connection.fails = True  # type: ignore[attr-defined]
    with pytest.raises(JournalUnwritable, match="disk I/O error"):
        journal.write([intent(2)])
    assert journal.mark(7) == 1
    journal._connection.fails = False  # type: ignore[attr-defined]
    assert journal.write([intent(2)]) == [None]
    journal.close()
    JournalFile(path, NOW).close()
    assert [one.entry for one in records_of(path)] == [intent(1), intent(2)]


async def test_an_order_that_ended_while_it_was_being_numbered_has_no_number(path: Path) -> None:
    """Found by the kill test: the journal said another order id than the process."""
    waits = replace(key_of(5), order_id=0)
    order = limit("BUY", 100, 10, order_ref=ref_of(5).order_ref())
    async with opened(path) as journal:
        await journal.write(entry(Kind.QUEUED, NOW, waits, place_request(0, CONTRACT, order)))
        numbering = asyncio.ensure_future(
            journal.write(entry(Kind.NUMBERED, NOW, key_of(5), place_request(5, CONTRACT, order)))
        )
        await asyncio.sleep(0)
        journal.note(entry(Kind.NOT_SENT, NOW, waits, detail="not sent: it was cancelled"))
        await numbering
        await journal.write()  # and all before it
        found = journal.order(str(ref_of(5)))
        assert found is not None
        assert (found.key, found.state) == (waits, OrderState.REJECTED)
        assert journal.mark(7) == 5


async def test_a_caller_that_is_cancelled_harms_nobody(path: Path) -> None:
    async with opened(path) as journal:
        given_up = asyncio.create_task(journal.write(intent(1)))
        await asyncio.sleep(0)
        given_up.cancel()
        await journal.write(intent(2))
    assert [one.entry for one in records_of(path)] == [intent(1), intent(2)]


async def test_closing_writes_what_waits_and_then_refuses(path: Path) -> None:
    failures: list[IbwireError] = []
    journal = Journal(path, NOW, on_failure=failures.append)
    for number in range(1, 20):
        journal.note(intent(number))
    await journal.aclose()
    assert len(records_of(path)) == 19
    with pytest.raises(JournalUnwritable, match="is closed"):
        await journal.write(intent(20))
    journal.note(sent(1))
    assert len(failures) == 1


async def test_what_waits_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_WAITING", 3)
    async with opened(path) as journal:
        for number in range(1, 4):
            journal.note(intent(number))
        with pytest.raises(JournalUnwritable, match="3 records wait"):
            await journal.write(intent(4))
    assert len(records_of(path)) == 3


@on_virtual_time
async def test_it_works_in_virtual_time() -> None:
    with TemporaryDirectory() as folder:
        async with opened(Path(folder) / "journal.sqlite3", is_threaded=False) as journal:
            await journal.write(intent(1), sent(1))
            assert [one.state for one in journal.orders()] == [OrderState.SENT]


# --- following orders anew -------------------------------------------------------------------------------------------


def seen(order: TrackedOrder) -> tuple[object, ...]:
    return (order.state, order.key, order.filled, order.remaining, order.fills, order.commissions, order.notices)


@campaign(part=25, full=400)
@given(story=stories())
def test_an_order_stands_after_a_restart_as_it_stood_before(story: Story) -> None:
    order = story.start()
    key = order.key
    first = limit("BUY", story.quantity, 10)
    entries = [entry(Kind.INTENT, NOW, key, place_request(key.order_id, CONTRACT, first)), entry(Kind.SENT, NOW, key)]
    if story.is_changed:
        changed = place_request(key.order_id, CONTRACT, order.order)
        entries += [entry(kind, NOW, key, changed) for kind in (Kind.CHANGE, Kind.SENT)]
    if story.is_cancelled_by_us:
        cancel = m.CancelOrderRequest(key.order_id)
        entries += [entry(kind, NOW, key, cancel) for kind in (Kind.CANCEL, Kind.SENT)]
    entries += [heard(message, NOW, key) for message in story.messages if order.feed(message)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite3"
        journal = JournalFile(path, NOW)
        assert set(journal.write(entries)) == {None}
        journal.close()
        again = replay(records_of(path))
    assert again is not None
    assert again.order == order.order
    assert again.contract == order.contract
    assert seen(again) == seen(order)


def test_what_was_found_out_by_asking_is_followed_anew_too(path: Path) -> None:
    order, twin = tracked(), tracked(client_ref=key_of(2).client_ref, order_id=2)
    journal = JournalFile(path, NOW)
    journal.write([intent(1), sent(1), intent(2), sent(2)])
    told, stands = open_order("Submitted"), status("Submitted", 40, 60)
    order.reconciled(told, stands)
    journal.write([entry(Kind.RECONCILED, NOW, key_of(1), told, stands), heard(execution(2, 60, 100), NOW, key_of(1))])
    order.execution(execution(2, 60, 100))
    twin.not_found("nowhere")
    journal.write([entry(Kind.NOT_FOUND, NOW, key_of(2), detail="nowhere")])
    completed = m.CompletedOrder(CONTRACT, m.Order(perm_id=PERM_ID), m.OrderState(status="Filled"))
    journal.write([heard(completed, NOW, key_of(1)), entry(Kind.ENDED, NOW, key_of(1), detail="filled")])
    journal.close()
    first, second = (replay(records_of_order(path, number)) for number in (1, 2))
    assert first is not None
    assert second is not None
    assert (first.state, first.filled) == (order.state, order.filled) == (OrderState.FILLED, Decimal(100))
    assert second.state is twin.state is OrderState.UNCONFIRMED


BIGGER = place_request(1, CONTRACT, limit("BUY", 500, 10))


def filled(quantity: int) -> Entry:
    return heard(execution(1, quantity, quantity), NOW, key_of(1))


def replayed(path: Path, *entries: Entry) -> TrackedOrder:
    """An order for 100 with these records after its own."""
    journal = JournalFile(path, NOW)
    assert set(journal.write([intent(1), sent(1), *entries])) == {None}
    journal.close()
    order = replay(records_of(path))
    assert order is not None
    return order


def test_a_change_that_never_left_is_none_after_a_restart(path: Path) -> None:
    change = [entry(Kind.CHANGE, NOW, key_of(1), BIGGER), entry(Kind.NOT_SENT, NOW, key_of(1), BIGGER, detail="no")]
    order = replayed(path, *change, filled(100))
    assert (order.state, order.quantity, order.order.total_quantity) == (OrderState.FILLED, 100, 100)
    reader = JournalReader(path)
    assert reader.problems(is_thorough=True) == []
    reader.close()


def test_a_change_counts_from_when_it_left_and_not_from_when_it_was_written(path: Path) -> None:
    """The order itself had waited for its turn; what refused it had nothing to do with the change behind it."""
    refused = heard(m.ErrorMessage(id=1, error_code=110, error_msg="The price does not conform"), NOW, key_of(1))
    change = entry(Kind.CHANGE, NOW, key_of(1), BIGGER)
    order = replayed(path, change, refused, entry(Kind.SENT, NOW, key_of(1), BIGGER))
    assert order.state is OrderState.REJECTED


def test_a_change_that_perhaps_left_counts_as_the_last_that_the_process_did(path: Path) -> None:
    change, end = entry(Kind.CHANGE, NOW, key_of(1), BIGGER), entry(Kind.ENDED, NOW, key_of(1), detail="filled")
    order = replayed(path, change, filled(40))
    assert (order.state, order.quantity) == (OrderState.PARTIALLY_FILLED, 500)
    (perhaps,) = perhaps_sent(records_of(path), NOW)
    journal = JournalFile(path, NOW)
    journal.write([perhaps])
    reconciled = entry(Kind.RECONCILED, NOW, key_of(1), open_order("Submitted", 200), status("Submitted", 40, 160))
    journal.write([reconciled])  # the next process found it so: the change had not arrived, another one had
    journal.close()
    again = replay(records_of(path))
    assert again is not None
    assert again.quantity == 200
    assert perhaps_sent(records_of(path), NOW) == []
    over = path.with_name("over.sqlite3")
    assert replayed(over, change, filled(100), end).state is OrderState.FILLED
    assert perhaps_sent(records_of(over), NOW) == []


def test_a_cancel_of_a_second_order_is_none_of_the_first(path: Path) -> None:
    """Nothing says whether it left; the first order, which the gateway refused, was never cancelled."""
    refused = heard(m.ErrorMessage(id=1, error_code=201, error_msg="Order rejected"), NOW, key_of(1))
    cancel = entry(
        Kind.CANCEL, NOW, key_of(1), m.CancelOrderRequest(order_id=1), detail="of the second order, perm_id 8"
    )
    order = replayed(path, heard(open_order("Submitted", 100), NOW, key_of(1)), cancel)
    assert not order.is_cancelling
    assert perhaps_sent(records_of(path), NOW) == []
    assert replayed(path.with_name("refused.sqlite3"), refused, cancel).state is OrderState.REJECTED


def records_of_order(path: Path, order_id: int) -> list[object]:
    return [one for one in records_of(path) if one.entry.order_id == order_id]  # type: ignore[misc]


async def test_orders_that_have_ended_are_not_followed_any_more(path: Path) -> None:
    async with opened(path) as journal:
        await journal.write(intent(1), sent(1), intent(2), entry(Kind.ENDED, NOW, key_of(1), detail="filled"))
        assert [one.key.order_id for one in journal.orders()] == [2]
        assert [one.key.order_id for one in journal.orders(only_open=False)] == [1, 2]
        (waiting,) = journal.orders()
        assert waiting.state is OrderState.INTENT
        assert waiting.order.order_ref is not None
        assert waiting.order.order_ref.startswith("tag~")
