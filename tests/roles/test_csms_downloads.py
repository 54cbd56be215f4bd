"""Downloads that break and continue: what the server is asked for, until the version is installed."""

import asyncio

from helper_ordered import FileServer, OrderedGarage, head, outcome, say
from helper_updates import Root, release

PAUSED = ["Downloading", "DownloadPaused"]
INSTALLED = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting", "Installed"]


async def test_a_connection_that_breaks_again_and_again_is_continued_after_any_interval():
    async def breaking(server, request, writer):
        start = server.start_of(request)
        await say(writer, head(start, len(server.data)) + server.data[start : start + 18000])

    data = release(2, size=60000)
    for interval in ({}, {"retryInterval": 30}, {"retryInterval": 150}):
        statuses, _, runs, asked = await outcome(breaking, data, "Installed", retries=3, **interval)
        assert statuses == PAUSED * 3 + INSTALLED and runs == "2.0" and len(asked) <= 7, asked


async def test_from_a_server_that_gives_whole_files_only_a_download_is_continued_however_long_it_takes():
    async def slow(server, request, writer):
        await say(writer, head(0, len(server.data)))
        for at in range(0, len(server.data) if len(server.asked) > 1 else 40000, 2000):
            await say(writer, server.data[at : at + 2000])
            until_us = server.garage.now_us + 4000000
            while server.garage.now_us < until_us and len(server.asked) > 1:
                await asyncio.sleep(0.002)

    with Root() as root:
        async with FileServer(slow, release(2, size=44000)) as server:
            server.garage = garage = OrderedGarage(root)
            await garage.passes(3)
            assert garage.order(7, server.url, retries=1) == "Accepted"
            assert await garage.reaches(7, "Installed") == PAUSED + INSTALLED
            assert garage.runs == "2.0" and len(server.asked) == 3


async def test_where_a_server_has_no_such_part_the_file_comes_from_its_beginning():
    async def partless(server, request, writer):
        if server.start_of(request):
            await say(writer, server.answer)
        else:
            data = server.data if len(server.asked) > 1 else server.first
            await say(writer, head(0, len(data), "") + data[: None if len(server.asked) > 1 else 20000])

    def part_of(size):
        return b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-%d/%d\r\n\r\n" % (size - 1, size)

    data = release(2, size=30000)
    for first, answer in ((data, b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n"), (data, part_of(len(data))),
                          (release(3, size=40000), part_of(len(data)))):  # fmt: skip
        with Root() as root:
            async with FileServer(partless, data) as server:
                server.first, server.answer = first, answer
                garage = OrderedGarage(root)
                await garage.passes(3)
                assert garage.order(7, server.url, retries=1, retryInterval=10) == "Accepted"
                assert await garage.reaches(7, "Installed") == PAUSED + INSTALLED
                assert garage.runs == "2.0" and len(server.asked) == 3
