"""docs/architecture shows the states and the modules there are."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from ibwire.order_states import ONWARD, OrderState

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "architecture"
PAGE = FOLDER / "python-connection-layer.md"


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the generator's check."""
    command = [sys.executable, "tools/generate_architecture_docs.py", "--check", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_states_and_modules_are_current() -> None:
    result = check()
    assert (result.returncode, result.stderr) == (0, "")


def test_a_state_too_many_and_a_module_too_few_are_noticed(tmp_path: Path) -> None:
    page, modules = tmp_path / "page.md", tmp_path / "modules.md"
    text = PAGE.read_text(encoding="utf-8").replace("CLOSED --> [*]", "CLOSED --> CONNECTING")
    page.write_text(text, encoding="utf-8")
    listed = (FOLDER / "modules.md").read_text(encoding="utf-8").splitlines(keepends=True)
    modules.write_text("".join(line for line in listed if "`watchdog`" not in line), encoding="utf-8")
    result = check("--page", str(page), "--modules", str(modules))
    assert result.returncode == 1
    assert result.stderr.count("is not current") == 2


def test_every_step_that_is_drawn_of_an_order_is_one_that_it_may_take() -> None:
    diagrams = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (drawn,) = [text for text in diagrams if "INTENT" in text]
    steps = re.findall(r"(\w+) --> (\w+)", drawn)
    assert {name for step in steps for name in step} == set(OrderState.__members__)
    assert [step for step in steps if OrderState[step[1]] not in ONWARD[OrderState[step[0]]]] == []


def test_the_page_names_every_module_of_the_connection_layer() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8")))
    modules = {path.stem for path in (ROOT / "src" / "ibwire").glob("*.py") if not path.stem.startswith("__")}
    assert modules - named == set()
