"""The mark that trading is halted: a small file beside the journal, which lasts until somebody removes it.

Anyone may set it, also while another process holds the journal: that is when it is needed. Whoever trades with the
journal looks for it before every order. Its being there is what counts; inside, as JSON, it says when, who and why, and
a file that says nothing (`touch`) halts as well.
"""

from __future__ import annotations

import getpass
import os
import socket
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from ibwire.exceptions import JournalUnwritable


class Halt(msgspec.Struct, frozen=True, kw_only=True):
    """TRADING_HALTED, TRADING_RESUMED: why, since when (aware; None if the mark does not say) and by whom."""

    reason: str
    at: datetime | None = None
    by: str = ""


class HaltMark:
    """The mark beside the journal at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.halted")
        self._text = os.fspath(self.path)

    def is_set(self) -> bool:
        """Whether trading is halted. Where one cannot look (permissions, a disk that fails) it is."""
        try:
            os.stat(self._text)  # noqa: PTH116 - before every order: a third of what Path.stat takes
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return True

    def read(self) -> Halt | None:
        """What the mark says, or None without one."""
        if not self.is_set():
            return None
        try:
            return msgspec.json.decode(self.path.read_bytes() or b'{"reason": "no reason was given"}', type=Halt)
        except FileNotFoundError:
            return None  # it was removed this moment
        except (OSError, msgspec.DecodeError) as error:
            return Halt(reason=f"{self.path} is there, and cannot be read: {error}")

    def set(self, reason: str, at: datetime) -> Halt:
        """Halt trading; when this returns it will hold, also after a power cut. Raises JournalUnwritable.

        One that is there is replaced. `at` is aware. On a full disk the mark may say nothing, and halts all the same.
        """
        halt = Halt(reason=reason or "no reason was given", at=at, by=_who())
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(msgspec.json.encode(halt))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            self._touch(error)
        return halt

    def _touch(self, because: OSError) -> None:
        """Where there is no room for words there mostly is for a name."""
        try:
            self.path.touch()
            _sync_folder(self.path.parent)
        except OSError as error:
            raise JournalUnwritable(
                f"trading is not halted: {self.path}: {because}",
                hint=f"make a file of that name by any means (`touch {self.path}`): its being there halts trading",
            ) from error

    def remove(self) -> None:
        """Let trading go on. Raises JournalUnwritable if the mark cannot be removed: then it holds."""
        try:
            self.path.unlink(missing_ok=True)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise JournalUnwritable(
                f"trading is still halted: {self.path}: {error}", hint="delete that file"
            ) from error


def _sync_folder(folder: Path) -> None:
    """Have the file's name on the disk, where folders can be synced (not on Windows, which needs none of it)."""
    if sys.platform == "win32" or not folder.is_dir():
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _who() -> str:
    user = "somebody"
    with suppress(Exception):  # there may be no name for the user, which each system says in its own way
        user = getpass.getuser()
    return f"{user} on {socket.gethostname()} (process {os.getpid()}, {Path(sys.argv[0]).name or 'python'})"
