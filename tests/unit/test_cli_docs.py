"""docs/cli.md is what the command says of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the generator's check."""
    command = [sys.executable, "tools/generate_cli_docs.py", "--check", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_page_is_current() -> None:
    result = check()
    assert (result.returncode, result.stderr) == (0, "")


def test_an_outdated_page_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "cli.md"
    page.write_text("old")
    result = check("--page", str(page))
    assert result.returncode == 1
    assert "is not current" in result.stderr
