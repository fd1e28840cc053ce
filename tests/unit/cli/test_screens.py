"""The screens in docs/: they are there, and hold what stands on a terminal at the end, not what was drawn over."""

from __future__ import annotations

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("Windows has no such terminals", allow_module_level=True)

from tools.make_screens import FOLDER, SCREENS, on_screen


def test_screen_is_what_stands_there_at_the_end() -> None:
    first = "\x1b[?25lprice\r\n1.0"
    redrawn = "\r\x1b[2K\x1b[1A\x1b[2Kprice\r\n\x1b[32m2.0\x1b[0m\r\n"
    assert on_screen(first + redrawn + "done\r\n\x1b[?25h") == "price\n\x1b[32m2.0\x1b[0m\ndone"


def test_every_screen_is_there_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(SCREENS)
    for name in SCREENS:
        drawn = (FOLDER / f"{name}.svg").read_text(encoding="utf-8").replace("&#160;", " ")
        assert f"$ ibwire {SCREENS[name][0]}" in drawn
