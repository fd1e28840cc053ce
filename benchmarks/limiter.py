"""What the rate limiter costs when there is room: microseconds per message.

python -m benchmarks.limiter prints the median and the best of several repeats; it asserts nothing.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

from ibwire.pacing import Claim
from ibwire.rate_limiter import RateLimiter
from ibwire.settings import RateLimitSettings
from ibwire.wire.catalogue import Lane

CALLS = 20_000
REPEATS = 15
ROOMY = RateLimitSettings(market_data_lines=1_000_000, safety_margin=0.0)
"""So many messages a second that none has to wait."""


async def acquire(limiter: RateLimiter) -> None:
    """What a caller does who waits."""
    for _ in range(CALLS):
        await limiter.acquire(Lane.QUERY)


async def try_acquire(limiter: RateLimiter) -> None:
    """What a caller does who does not."""
    for _ in range(CALLS):
        limiter.try_acquire(Lane.ORDER)


async def enqueue(limiter: RateLimiter) -> None:
    """What the connection does for each message."""
    for _ in range(CALLS):
        limiter.enqueue(Lane.ORDER, grant=lambda: None, fail=lambda _: None)


async def enqueue_with_claims(limiter: RateLimiter) -> None:
    """The same under two pacing rules."""
    claims = (Claim("market_data.lines"), Claim("depth.streams"))
    for _ in range(CALLS):
        limiter.enqueue(Lane.ORDER, claims, grant=lambda: None, fail=lambda _: None).cancel()


async def measure(work: Callable[[RateLimiter], Awaitable[None]]) -> list[float]:
    """Microseconds per call, one number a repeat."""
    samples = []
    for _ in range(REPEATS):
        limiter = RateLimiter(ROOMY)
        began = time.perf_counter()
        await work(limiter)
        samples.append((time.perf_counter() - began) / CALLS * 1e6)
    return samples


async def main() -> None:
    """Print the table."""
    print("rate limiter, nothing waits           median    best   (us per message)")
    for work in (acquire, try_acquire, enqueue, enqueue_with_claims):
        samples = await measure(work)
        print(f"  {work.__name__:<32} {statistics.median(samples):9.2f} {min(samples):7.2f}")


if __name__ == "__main__":
    asyncio.run(main())
