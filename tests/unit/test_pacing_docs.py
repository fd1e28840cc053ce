"""docs/pacing.md shows the rules there are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ibwire.pacing import rules

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "pacing.md"


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the generator's check."""
    command = [sys.executable, "tools/generate_pacing_docs.py", "--check", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_table_is_current_and_every_rule_is_explained() -> None:
    result = check()
    assert (result.returncode, result.stderr) == (0, "")
    explained = PAGE.read_text(encoding="utf-8").partition("<!-- end of rules -->")[2]
    assert all(f"`{name}`" in explained for name in rules() if not name.startswith("history."))


def test_an_outdated_table_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "pacing.md"
    page.write_text(PAGE.read_text(encoding="utf-8").replace("`scanner.active` | 10", "`scanner.active` | 9"), "utf-8")
    result = check("--page", str(page))
    assert result.returncode == 1
    assert "is not current" in result.stderr
