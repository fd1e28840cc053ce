"""How far a journal had come, in a small file beside it, to notice when it comes back shorter.

SQLite takes a damaged end of its write-ahead log for one that was never finished, and drops it without a word; a
restored copy, too, lacks what came after it. The number here is written after each commit, without waiting for the
disk: so it is never ahead of what was durable.
"""

from __future__ import annotations

import struct
from io import FileIO
from pathlib import Path

from ibwire.exceptions import JournalCorrupt
from ibwire.journal_schema import checksum

_MARK = struct.Struct(">qq")
_ATTEMPTS = 3  # another process may be writing it


class MarkFile:
    """The number of the newest record of the journal at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.mark")
        self._file: FileIO | None = None

    def newest(self) -> int:
        """The number of the newest record that was durable; 0 if nothing is known. Raises JournalCorrupt."""
        for _ in range(_ATTEMPTS):
            try:
                data = self.path.read_bytes()
            except FileNotFoundError:
                return 0
            if not data:
                return 0
            if len(data) == _MARK.size:
                sequence, stored = _MARK.unpack(data)
                if checksum(0, sequence) == stored:
                    return int(sequence)
        raise JournalCorrupt(f"{self.path} is damaged; if `ibwire journal verify` finds nothing else, delete it")

    def write(self, sequence: int) -> None:
        """Note the newest record. Raises OSError."""
        if self._file is None:
            self.path.touch()
            self._file = FileIO(self.path, "r+")
        self._file.seek(0)
        self._file.write(_MARK.pack(sequence, checksum(0, sequence)))

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
