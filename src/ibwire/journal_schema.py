"""The journal's tables: how they are made, step by step from version to version, and how one sees that they are whole.

A record is never changed and never deleted: what is known of an order is what its records add up to. Each carries a
checksum over itself and the checksum before it, so that a flipped bit, a missing record or an inserted one shows.
"""

from __future__ import annotations

import sqlite3
from hashlib import blake2b

from ibwire.exceptions import JournalCorrupt

NAME_ANOTHER = "name another file as the journal (IBWIRE_TRADING_JOURNAL_PATH, --path)"

APPLICATION_ID = 0x49425752
"""In the file's header: says that this is a journal of ibwire."""

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE records (
            sequence INTEGER PRIMARY KEY,
            at_us INTEGER NOT NULL,
            kind TEXT NOT NULL,
            client_ref TEXT NOT NULL,
            client_id INTEGER NOT NULL,
            order_id INTEGER NOT NULL,
            detail TEXT NOT NULL,
            frames BLOB NOT NULL,
            checksum INTEGER NOT NULL
        )""",
        "CREATE UNIQUE INDEX intents ON records (client_ref) WHERE kind = 'intent'",
        "CREATE INDEX by_order ON records (client_ref, kind)",
        "CREATE TABLE marks (client_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, checksum INTEGER NOT NULL)",
    ),
)
"""What each version of the schema adds to the one before: step N leads to version N."""


def version_of(connection: sqlite3.Connection) -> int:
    """The schema's version in a file; 0 is an empty one. Raises JournalCorrupt if it is no journal, or a newer one."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application_id = int(connection.execute("PRAGMA application_id").fetchone()[0])
    is_empty = not connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    if is_empty and version == 0 and application_id == 0:
        return 0
    if application_id != APPLICATION_ID:
        raise JournalCorrupt("the file is an SQLite database, but no journal of ibwire", hint=NAME_ANOTHER)
    if not 1 <= version <= len(STEPS):
        text = f"the journal has version {version}, this ibwire knows 1 to {len(STEPS)}"
        raise JournalCorrupt(text, hint="update ibwire; a newer one has written it")
    return version


def migrate(connection: sqlite3.Connection, *, to: int | None = None) -> None:
    """Bring a file to the newest version (or `to`), all of it or nothing; an empty one becomes a journal."""
    version = version_of(connection)
    to = len(STEPS) if to is None else to
    if version == to:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[version:to]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {to}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def statements_of(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """The tables and indexes that a file has, as it describes them."""
    found = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    return [(str(name), str(sql)) for name, sql in found]


def expected_statements(version: int) -> list[tuple[str, str]]:
    """The tables and indexes that a journal of a version has."""
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(fresh, to=version)
        return statements_of(fresh)
    finally:
        fresh.close()


def checksum(before: int, *parts: object) -> int:
    """The checksum of a row that follows one with the checksum `before`."""
    digest = blake2b(digest_size=8)
    for part in (before, *parts):
        data = part if isinstance(part, bytes) else str(part).encode()
        digest.update(b"%d:" % len(data) + data)
    return int.from_bytes(digest.digest(), "big", signed=True)
