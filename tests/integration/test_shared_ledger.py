"""One budget for several processes, in real time and with a real file."""

from __future__ import annotations

import subprocess
import sys
from bisect import bisect_left
from pathlib import Path

PROCESSES, MESSAGES = 3, 40
LIMIT = 45

SENDER = """
import asyncio, sys
from pathlib import Path
from ibwire.rate_limiter import RateLimiter
from ibwire.settings import RateLimitSettings
from ibwire.wire.catalogue import Lane

async def main():
    limiter = RateLimiter(RateLimitSettings(shared_ledger=Path(sys.argv[1])))
    for _ in range(int(sys.argv[2])):
        await limiter.acquire(Lane.ORDER)
        print(asyncio.get_running_loop().time(), flush=True)

asyncio.run(main())
"""


def test_processes_sharing_a_ledger_stay_within_one_budget_together(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SENDER, str(tmp_path / "ledger"), str(MESSAGES)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    try:
        outputs = [process.communicate(timeout=60)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0] * PROCESSES
    # The monotonic clock is the machine's: times of different processes can be compared.
    times = sorted(float(line) for output in outputs for line in output.split())
    assert len(times) == PROCESSES * MESSAGES
    # A time is printed a moment after the message was counted: a moment less than a second is looked at.
    assert max(bisect_left(times, start + 0.9) - index for index, start in enumerate(times)) <= LIMIT
