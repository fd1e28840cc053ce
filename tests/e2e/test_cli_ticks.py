"""`ibwire ticks` as a script uses it."""

from __future__ import annotations

import json
import re
import signal
import sys

import pytest

from tests.helpers.commands import TIMEOUT_S, ibwire, running
from tests.helpers.strangers import nobody


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_ticks_come_one_by_one_until_the_process_is_told_to_stop() -> None:
    with running("ticks", "EUR.USD", "--kind", "BidAsk", "--json", "--sim") as process:
        assert process.stdout is not None
        ticks = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        _, complaints = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, complaints) == (0, "")
    assert all((tick["event"], tick["contract"]) == ("tick", "EUR.USD") for tick in ticks)
    assert all(0 < tick["bid"] < tick["ask"] for tick in ticks)


def test_text_that_is_no_contract_is_told_before_anything_is_asked() -> None:
    with nobody() as stranger:
        result = ibwire("ticks", "FUTURE:ES", "--port", str(stranger.port))
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(r"error: the contract 'FUTURE:ES': 'FUTURE' is no kind; [^\n]*\n", result.stderr), result.stderr
