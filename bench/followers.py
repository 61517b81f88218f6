"""Many clients that follow one job, in a process of their own: ``python -m bench.followers URL JOB COUNT``.

Each does what a browser's `EventSource` does: reads, remembers the last id, and comes again after `retry`. The last
event's answer is a line of JSON on the standard output.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

ENDED = (b'"succeeded"', b'"failed"', b'"cancelled"')
PATIENCE_SECONDS = 120.0


@dataclass
class Follower:
    """One client: what it has received, and what became of its requests."""

    host: str
    port: int
    path: str
    epochs: list[int] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    requests: int = 0
    refused: int = 0
    last_id: bytes = b""
    retry: float = 2.0
    ended: bool = False

    async def follow(self) -> None:
        """Follow the job to its end."""
        while not self.ended:
            await self._once()
            if not self.ended:
                await asyncio.sleep(self.retry)

    async def _once(self) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        self.requests += 1
        try:
            head = b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" % self.path.encode()
            if self.last_id:
                head += b"Last-Event-ID: %s\r\n" % self.last_id
            writer.write(head + b"\r\n")
            status = (await reader.readline()).split()[1]
            self.ended = status == b"204"
            if status != b"200":
                self.refused += status != b"204"
                return
            event = b""
            while line := await reader.readline():
                name, _, value = line.strip().partition(b": ")
                if name == b"event":
                    event = value
                elif name == b"id":
                    self.last_id = value
                elif name == b"retry":
                    self.retry = int(value) / 1000
                elif name == b"data":
                    self._take(event, value)
        finally:
            writer.close()

    def _take(self, event: bytes, data: bytes) -> None:
        if event == b"status":
            self.ended = any(status in data.partition(b",")[0] for status in ENDED)
            return
        item = json.loads(data)
        self.epochs.append(item["epoch"])
        self.lags.append(time.time() - item["seconds"])  # the writer puts the time there


async def follow_all(url: str, path: str, count: int) -> list[Follower]:
    """Follow with so many clients, which begin within a second."""
    address = urlsplit(url)
    followers = [Follower(address.hostname or "", address.port or 80, path) for _ in range(count)]

    async def begin(place: int) -> None:
        await asyncio.sleep(place / count)
        await followers[place].follow()

    await asyncio.wait_for(asyncio.gather(*map(begin, range(count))), PATIENCE_SECONDS)
    return followers


def report(followers: list[Follower]) -> dict[str, Any]:
    """What all of them saw."""
    lags = sorted(lag for each in followers for lag in each.lags)
    last = max(each.epochs[-1] for each in followers)
    return {
        "followers": len(followers),
        "epochs": last,
        "followers_that_saw_each_epoch_once": sum(each.epochs == list(range(1, last + 1)) for each in followers),
        "followers_that_saw_the_end": sum(each.ended for each in followers),
        "requests": sum(each.requests for each in followers),
        "refused": sum(each.refused for each in followers),
        "lag_p50_seconds": round(statistics.median(lags), 2),
        "lag_p99_seconds": round(lags[int(0.99 * (len(lags) - 1))], 2),
        "lag_max_seconds": round(lags[-1], 2),
    }


def main() -> None:
    """Follow, and say what came."""
    os.nice(19)  # they would be on other machines
    url, job, count = sys.argv[1:]
    print(json.dumps(report(asyncio.run(follow_all(url, f"/jobs/{job}/events", int(count))))))


if __name__ == "__main__":
    main()
