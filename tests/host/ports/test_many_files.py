"""The loop of a process on Linux: file numbers above those that select() knows, and waits shorter than a millisecond."""

import asyncio
import os
import resource
import socket
import time

import pytest

from ampacity.ports.linux import run

BEYOND = 1100


@pytest.fixture
def many_files():
    """Every file number below BEYOND is taken."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < BEYOND + 50:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, BEYOND + 50), hard))
    taken = [os.open("/dev/null", os.O_RDONLY) for _ in range(BEYOND)]
    yield
    for number in taken:
        os.close(number)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_connection_with_a_large_file_number_is_served(many_files):
    async def main():
        ours, theirs = socket.socketpair()
        assert ours.fileno() >= BEYOND
        reader, writer = await asyncio.open_connection(sock=ours)
        theirs.sendall(b"hello")
        assert await reader.readexactly(5) == b"hello"
        writer.close()
        theirs.close()
        return True

    assert run(main())


def test_a_loop_that_has_a_large_file_number_itself_still_waits(many_files):
    async def main():
        await asyncio.sleep(0.01)
        return True

    assert run(main())


def test_a_wait_of_a_fraction_of_a_millisecond_is_not_rounded_up_to_one():
    async def main():
        waits = []
        for _ in range(300):
            began = time.perf_counter()
            await asyncio.sleep(0.0002)
            waits.append(time.perf_counter() - began)
        return min(waits)

    assert run(main()) < 0.001


def test_a_wait_without_end_is_woken_from_another_thread():
    async def main():
        return await asyncio.to_thread(time.sleep, 0.01)

    assert run(main()) is None
