"""Clients of the firmware that a primary publishes: many, slow, silent ones (L03)."""

import asyncio

from helper_ordered import FileServer, whole
from helper_publishing import (
    FIRMWARE,
    HOST,
    Folder,
    PublishingGarage,
    Slowly,
    body,
    fetch,
    get,
    quiet,
    reading,
    reset,
)

from ampacity.roles.publish import file_server


async def test_one_hundred_connections_and_slow_ones_do_not_keep_a_charging_station_out():
    with Folder() as folder:
        async with FileServer(whole) as server:
            garage = PublishingGarage(folder)
            await garage.passes(3)
            path = await garage.published(server)
            slow = []
            for i in range(100):
                try:
                    reader, writer = await asyncio.open_connection(HOST, garage.port_of_files)
                    if i % 2:
                        writer.write(b"GET /" + b"x" * (i % 7))
                        await writer.drain()
                    slow.append(writer)
                except OSError:
                    pass
                await asyncio.sleep(0.002)  # the server has its turn
            admission, places = garage.primary.upstream._publisher._server._admission, file_server.WAITING + file_server.CLIENTS_MAX
            before = -1
            while before != admission.clients:  # until all of the flood were let in
                before = admission.clients
                await asyncio.sleep(0.2)
            for _ in range(3):
                assert body(await fetch(garage.port_of_files, get(path))) == FIRMWARE
                assert admission.count <= places
            assert admission.clients > 50 and admission.turned_away > 50 - places, (admission.clients, admission.turned_away)
            for writer in slow:
                reset(writer)
            lines = [line for line in garage.log.since(0) if "no connection slot free" in line[3]]
            assert 0 < len(lines) < 5, "a flood does not fill the log"
            await quiet(garage)


async def test_downloads_keep_their_places_and_the_next_one_waits_for_one():
    with Folder() as folder:
        async with FileServer(whole) as server:
            garage = PublishingGarage(folder)
            await garage.passes(3)
            path = await garage.published(server)
            with Slowly(100):
                clients = []
                for _ in range(file_server.CLIENTS_MAX):
                    clients.append(await reading(garage, path))
                assert garage.view()["readers"] == file_server.CLIENTS_MAX
                assert await fetch(garage.port_of_files, get(path)) == b""
                assert garage.view()["readers"] == file_server.CLIENTS_MAX
                reset(clients.pop())
                for _ in range(200):
                    if garage.view()["readers"] < file_server.CLIENTS_MAX:
                        break
                    await asyncio.sleep(0.01)
                assert body(await fetch(garage.port_of_files, get(path))) == FIRMWARE
                for client in clients:
                    reset(client)
            await quiet(garage)


async def test_clients_that_say_nothing_or_take_nothing_are_ended():
    before = file_server.HEAD_MS, file_server.SILENT_MS
    file_server.HEAD_MS, file_server.SILENT_MS = 200, 300
    try:
        with Folder() as folder:
            async with FileServer(whole) as server:
                garage = PublishingGarage(folder)
                await garage.passes(3)
                path = await garage.published(server)
                assert await fetch(garage.port_of_files, b"") == b"" and await fetch(garage.port_of_files, b"GET / HTTP/1.1\r\n") == b""
                garage.stuck = True
                client = (await asyncio.open_connection(HOST, garage.port_of_files))[1]
                client.write(get(path))
                await client.drain()
                assert await garage.passes(100, lambda: garage.view()["readers"] == 1) and garage.unpublish() == "DownloadOngoing"
                assert await garage.passes(300, lambda: garage.view()["readers"] == 0)
                assert garage.unpublish() == "Unpublished"
                reset(client)
                await quiet(garage)
    finally:
        file_server.HEAD_MS, file_server.SILENT_MS = before


async def test_a_client_that_trickles_has_an_end():
    before = file_server.START_MS
    file_server.START_MS = -10000000  # the time by the hand-moved clock is over as soon as it moves
    try:
        with Folder() as folder:
            async with FileServer(whole) as server:
                garage = PublishingGarage(folder)
                await garage.passes(3)
                path = await garage.published(server)
                assert body(await fetch(garage.port_of_files, get(path))) == b""
                await quiet(garage)
    finally:
        file_server.START_MS = before
