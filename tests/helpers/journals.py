"""Journals for tests: entries, and a child process that writes one until it is killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from ibwire.client_refs import ClientRef, new_client_ref
from ibwire.journal_file import JournalFile
from ibwire.journal_reader import JournalReader
from ibwire.journal_records import Entry, Kind, Record, entry
from ibwire.order_changes import OrderKey
from ibwire.order_types import limit
from ibwire.order_wire import place_request
from tests.helpers.order_stories import CLIENT_ID, CONTRACT

NOW = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)


def ref_of(order_id: int) -> ClientRef:
    return new_client_ref(NOW + timedelta(seconds=order_id), Random(order_id))


def key_of(order_id: int, client_id: int = CLIENT_ID) -> OrderKey:
    return OrderKey(client_ref=str(ref_of(order_id)), client_id=client_id, order_id=order_id)


def intent(order_id: int, *, quantity: Decimal | int = 100, client_id: int = CLIENT_ID) -> Entry:
    key = key_of(order_id, client_id)
    order = limit("BUY", quantity, 10, order_ref=ref_of(order_id).order_ref("tag"))
    return entry(Kind.INTENT, NOW, key, place_request(order_id, CONTRACT, order))


def sent(order_id: int) -> Entry:
    return entry(Kind.SENT, NOW, key_of(order_id))


@contextmanager
def opened(path: Path) -> Iterator[JournalFile]:
    journal = JournalFile(path, NOW)
    try:
        yield journal
    finally:
        journal.close()


def records_of(path: Path) -> list[Record]:
    reader = JournalReader(path)
    try:
        return list(reader.records())
    finally:
        reader.close()


CHILD = """
import resource, sys
from pathlib import Path
from ibwire.exceptions import JournalUnwritable
from ibwire.journal_file import JournalFile
from tests.helpers.journals import NOW, intent, sent

def main(path, first, size_limit):
    journal = JournalFile(Path(path), NOW)
    if size_limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_limit, resource.RLIM_INFINITY))
    print("ready", flush=True)
    order_id = first
    while True:
        try:
            journal.write([intent(order_id)])
            print("intent", order_id, flush=True)
            journal.write([sent(order_id)])
        except JournalUnwritable as error:
            print("refused", order_id, error, flush=True)
            break
        print("sent", order_id, flush=True)
        order_id += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    journal.write([sent(first)])
    print("goes on", flush=True)
    journal.close()

main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
"""


def child(path: Path, *, first: int = 1, size_limit: int = 0) -> subprocess.Popen[str]:
    """A process that writes intents, and says what it has written, for ever or until a file may not grow any more."""
    command = [sys.executable, "-c", CHILD, str(path), str(first), str(size_limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
