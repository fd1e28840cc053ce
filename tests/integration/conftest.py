"""What every integration test is held to."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _nothing_failed_behind_our_back(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    failures = [record for record in caplog.get_records("call") if record.name == "asyncio"]
    assert not [record.getMessage() for record in failures if record.levelno >= logging.ERROR]
