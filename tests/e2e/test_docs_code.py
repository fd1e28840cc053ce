"""The Python of the pages that show how to begin and how to do things: every block runs, against the simulator."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ibwire.simulator import NO_LIMITS, GatewayThread
from tests.helpers.doc_code import DOCS, blocks_of, run_page

PAGES = [DOCS / "get-started.md", *sorted((DOCS / "how-to").glob("*.md"))]
TIMEOUT_S = 60


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayThread]:
    with GatewayThread(seed=7, limits=NO_LIMITS, speed=10) as running:
        yield running


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_of_the_page_run(
    page: Path, gateway: GatewayThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("IBWIRE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("IBWIRE_CONNECTION_PORT", str(gateway.port))
    blocks = blocks_of(page)
    files = [block for block in blocks if block.title.endswith(".py") and block.is_run]
    for block in files:
        (tmp_path / block.title).write_text(block.code, encoding="utf-8")
    run_page(blocks)
    tests = [block.title for block in files if block.title.startswith("test_")]
    if tests:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "ibwire.pytest_plugin", *tests]
        result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert result.returncode == 0, result.stdout


def test_pages_have_blocks_and_few_of_them_are_not_run() -> None:
    blocks = [block for page in PAGES for block in blocks_of(page)]
    assert len(blocks) >= 20
    assert sum(not block.is_run for block in blocks) <= 2
