"""What `ibwire demo` records, written and read back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from ibwire.cli.demo_report import Invariant
from ibwire.recorder import Recorder
from ibwire.recording_reader import read_recording
from ibwire.session import IBSession
from ibwire.wire import messages as m

_MARKS = ("begin", "gap", "resumed", "end")


class Recorded(Struct, frozen=True):
    """What was read back: None rows where there is no recording, because pyarrow is not installed."""

    rows: int | None
    invariant: Invariant


class Recording:
    """The market data of some contracts, recorded into a folder between `begin` and `end`."""

    def __init__(self, session: IBSession, folder: Path) -> None:
        self._session = session
        self._folder = folder
        self._recorder: Recorder | None = None

    async def begin(self, contracts: Sequence[m.Contract]) -> None:
        """Record these from now on, if the extra is installed."""
        if find_spec("pyarrow") is None:
            return
        recorder = self._session.recorder(self._folder)
        await recorder.start()
        self._recorder = recorder
        await recorder.record(*contracts)

    async def end(self, *, streams: int, gaps: int) -> Recorded:
        """Close it, read it back, and look for `streams` whole streams with `gaps` gaps each."""
        name = "the recording was read back, every gap marked"
        if self._recorder is None:
            return Recorded(None, Invariant(name, None, "pyarrow is missing: pip install 'ibwire[recording]'"))
        await self._recorder.aclose()
        marks: defaultdict[int, Counter[str]] = defaultdict(Counter)
        rows = 0
        for row in read_recording(self._folder):
            rows += 1
            marks[row.con_id][row.kind if row.kind in _MARKS else "data"] += 1
        wanted = {"begin": 1, "gap": gaps, "resumed": gaps, "end": 1}
        whole = [one for one in marks.values() if one["data"] and {kind: one[kind] for kind in _MARKS} == wanted]
        seen = f"{rows} rows; {len(whole)} of {streams} streams have their data and {gaps} marked gap"
        return Recorded(rows, Invariant(name, len(whole) == streams == len(marks), seen))
