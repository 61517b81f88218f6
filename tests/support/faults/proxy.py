"""A TCP proxy that can be slow, hang up on everybody, or let nothing through: a process of its own.

``python -m tests.support.faults.proxy HOST PORT`` prints the port that it listens on, and then obeys the lines that it
reads: ``latency SECONDS``, ``reset``, ``hole``, ``heal``. Each is answered by a line when it is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_CHUNK_BYTES = 1 << 16
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: a close sends RST


class Proxy:
    """The line between our processes and one server, as a test handles it.

    Parameters
    ----------
    port : int
        Where the proxy listens, on 127.0.0.1.
    process : subprocess.Popen
    """

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.port = port
        self._process = process

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Every piece that a client sends arrives so much later."""
        yield from self._during(f"latency {seconds}")

    @contextmanager
    def hole(self) -> Iterator[None]:
        """New connections are taken, and nothing passes; what was sent arrives afterwards."""
        yield from self._during("hole")

    def reset(self) -> None:
        """End every connection by RST, on both sides."""
        self._say("reset")

    def _during(self, order: str) -> Iterator[None]:
        self._say(order)
        try:
            yield
        finally:
            self._say("heal")

    def _say(self, order: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n", "the proxy has ended"


@contextmanager
def proxy_before(port: int) -> Iterator[Proxy]:
    """A proxy before what listens on that port of 127.0.0.1."""
    with subprocess.Popen(
        [sys.executable, "-m", __name__, "127.0.0.1", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield Proxy(int(process.stdout.readline()), process)
        finally:
            process.kill()


class _Line:
    """What happens to all connections at the moment."""

    def __init__(self) -> None:
        self.latency = 0.0
        self.passes = asyncio.Event()
        self.passes.set()
        self.writers: set[asyncio.StreamWriter] = set()

    def obey(self, order: str) -> None:
        word, _, value = order.partition(" ")
        if word == "latency":
            self.latency = float(value)
        elif word == "hole":
            self.passes.clear()
        elif word == "reset":
            for writer in list(self.writers):
                _reset(writer)
        else:
            self.latency = 0.0
            self.passes.set()

    async def join(self, host: str, port: int, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """One client's connection, to its end."""
        with self._kept(to_client):
            await self.passes.wait()
            try:
                server, to_server = await asyncio.open_connection(host, port)
            except OSError:
                _reset(to_client)
                return
            with self._kept(to_server):
                there = asyncio.create_task(self._pump(client, to_server, late=True))
                back = asyncio.create_task(self._pump(server, to_client, late=False))
                await asyncio.wait((there, back))

    @contextmanager
    def _kept(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        self.writers.add(writer)
        try:
            yield
        finally:
            self.writers.discard(writer)
            writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, late: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK_BYTES):
                if late and self.latency:
                    await asyncio.sleep(self.latency)
                await self.passes.wait()
                writer.write(chunk)
                await writer.drain()
        # One side has ended: so does the other.
        writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    writer.transport.abort()


async def _serve(host: str, port: int) -> None:
    line = _Line()

    async def join(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        await line.join(host, port, client, to_client)

    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async with await asyncio.start_server(join, "127.0.0.1", 0, backlog=512) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        while order := (await orders.readline()).decode().strip():  # until the test's process ends
            line.obey(order)
            print("done", flush=True)


if __name__ == "__main__":
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
