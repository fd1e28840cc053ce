"""docs/simulator.md shows the faults there are, and examples that work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from ibwire.simulator import parse_scenario
from ibwire.simulator.faults import FAULTS, checked
from ibwire.wire.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "simulator.md"


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the generator's check."""
    command = [sys.executable, "tools/generate_fault_docs.py", "--check", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_table_of_faults_is_current() -> None:
    result = check()
    assert (result.returncode, result.stderr) == (0, "")
    assert all(f"| `{kind}` |" in PAGE.read_text(encoding="utf-8") for kind in FAULTS)


def test_an_outdated_table_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "simulator.md"
    page.write_text(PAGE.read_text(encoding="utf-8").replace("| `reset` |", "| `tickle` |"), encoding="utf-8")
    result = check("--page", str(page))
    assert result.returncode == 1
    assert "is not current" in result.stderr


def test_scenarios_and_faults_on_the_page_are_good_ones() -> None:
    text = PAGE.read_text(encoding="utf-8")
    scenarios = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert scenarios
    for scenario in scenarios:
        parse_scenario(scenario)
    injected = re.findall(r'inject\("(\w+)"', text) + re.findall(r'"kind": "(\w+)"', text)
    assert len(injected) >= 4
    assert set(injected) <= set(FAULTS)
    checked("restart", {"down_for_s": 3})


def test_every_request_of_the_catalogue_is_in_the_table_of_what_is_simulated() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", text[text.index("## What is simulated") :]))
    requests = {kind.__name__ for kind in CATALOGUE if not re.match(r"Cancel(?!Order)|Unsubscribe", kind.__name__)}
    assert requests - named == set()
