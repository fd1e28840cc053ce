"""Recordings for tests: any rows, a writer, and what can be read of a folder."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from ibwire.recording_reader import read_recording
from ibwire.recording_schema import RecordingRow
from ibwire.recording_writer import RecordingWriter

DAY_NS = 86_400 * 1_000_000_000
MIDNIGHT_NS = 20_000 * DAY_NS

_INT = st.none() | st.integers(-(2**31), 2**31 - 1)
_FLOAT = st.none() | st.floats(allow_nan=False)
_SIZE = st.none() | st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: f"{number:f}")
_TEXT = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)

_OPTIONAL = {
    **dict.fromkeys(("tick_type", "count", "position", "operation", "side", "attributes"), _INT),
    **dict.fromkeys(("price", "ask_price", "open", "high", "low"), _FLOAT),
    **dict.fromkeys(("size", "ask_size", "wap"), _SIZE),
    **dict.fromkeys(("exchange", "text"), _TEXT),
    "event_ns": st.none() | st.integers(-(2**63), 2**63 - 1),
}


@st.composite
def any_rows(draw: st.DrawFn, *, most: int = 25) -> list[RecordingRow]:
    """Rows of two instruments, each later than the one before, around midnights."""
    at_ns = MIDNIGHT_NS - draw(st.integers(0, 10))
    rows = []
    for _ in range(draw(st.integers(1, most))):
        at_ns += draw(st.sampled_from([0, 1, 5, DAY_NS // 2, DAY_NS]))
        fields = draw(st.fixed_dictionaries({}, optional=_OPTIONAL))
        con_id = draw(st.sampled_from([265598, 272093]))
        rows.append(RecordingRow(received_ns=at_ns, con_id=con_id, stream="market_data", kind="price", **fields))
    return rows


def plain_rows(count: int, *, con_id: int = 265598) -> list[RecordingRow]:
    """Rows that tell their number, in `position`."""
    return [
        RecordingRow(
            received_ns=MIDNIGHT_NS + number,
            con_id=con_id,
            stream="market_data",
            kind="size",
            position=number,
        )
        for number in range(count)
    ]


def opened(folder: Path, *, row_group_rows: int = 10) -> RecordingWriter:
    """A writer that has its folder."""
    writer = RecordingWriter(folder, row_group_rows=row_group_rows)
    writer.open()
    return writer


def read(folder: Path) -> list[RecordingRow]:
    return list(read_recording(folder))


def numbers_in(folder: Path) -> list[int | None]:
    """What `plain_rows` there are."""
    return [row.position for row in read(folder)] if any(folder.rglob("*.parquet")) else []
