"""docs/requests.md has every request of the TWS API, and names methods and tests that there are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ibwire.wire.catalogue import CATALOGUE, Kind
from ibwire.wire.ids import OUTGOING
from tests.conformance.official_requests import PROTOBUF_ONLY
from tests.conformance.official_requests import REQUESTS as OFFICIAL
from tests.helpers.named_tests import attributes_in, exists
from tests.request_table import CANCELLED, CANCELS, NOT_YET, REQUESTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "requests.md"


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the generator's check."""
    command = [sys.executable, "tools/generate_request_docs.py", "--check", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_page_is_current() -> None:
    result = check()
    assert (result.returncode, result.stderr) == (0, "")


def test_an_outdated_page_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "requests.md"
    page.write_text("old")
    result = check("--page", str(page))
    assert result.returncode == 1
    assert "is not current" in result.stderr


def test_every_message_that_a_client_can_send_is_in_the_table_once() -> None:
    assert set(REQUESTS) | set(CANCELS) == set(OUTGOING.values()) == set(CATALOGUE)
    assert not set(REQUESTS) & set(CANCELS)


def test_names_are_those_of_ibkrs_own_client() -> None:
    ours = {kind: row.official for kind, row in REQUESTS.items()} | CANCELS
    theirs = {kind: name for name, kind in OFFICIAL.items()}
    theirs |= {kind: name.removesuffix("ProtoBuf") for name, kind in PROTOBUF_ONLY.items()}
    assert ours == theirs


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.__name__)
def test_methods_and_tests_of_a_request_exist_and_belong_together(kind: Kind) -> None:
    row = REQUESTS[kind]
    for ours in row.methods:
        assert callable(getattr(ours.owner, ours.name)), ours.text
        assert exists(ours.shown_by), ours.shown_by
        assert ours.name in attributes_in(ours.shown_by), f"{ours.shown_by} does not use {ours.name}"
    if row.is_untyped:
        tests = [attributes_in(ours.shown_by) for ours in row.methods]
        assert all(kind.__name__ in used for used in tests), f"no test sends {kind.__name__}"
    if not row.methods:
        assert f"| {NOT_YET} |" in PAGE.read_text(encoding="utf-8")


def test_the_test_of_all_cancels_exists() -> None:
    assert exists(CANCELLED)
    cancels = {row.cancel for row in CATALOGUE.values() if row.cancel is not None}
    assert set(CANCELS) < cancels
