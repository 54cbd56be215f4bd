"""A primary that publishes firmware on its local network (L03, L04): download, checksum, server, and what goes wrong with each."""

import asyncio
import os

from helper_ordered import FileServer, head, nothing, say, whole
from helper_publishing import (
    FIRMWARE,
    HOST,
    LOADED,
    PUBLISHED,
    DyingTree,
    Folder,
    PublishingGarage,
    Slowly,
    body,
    checksum,
    fetch,
    get,
    quiet,
    reading,
    reset,
)
from helper_updates import put

from ampacity.base.md5 import OwnMd5
from ampacity.roles.publish import published_file, publisher
from ampacity.roles.publish.published_file import KEPT_BYTES, SLOT_BYTES, PublishedFile
from ampacity.store.memory_files import MemoryFiles


async def test_a_file_is_downloaded_verified_published_and_withdrawn_L03_FR_02_and_03_and_04_and_09():
    with Folder() as folder:
        async with FileServer(whole) as server:
            garage = PublishingGarage(folder)
            await garage.passes(3)
            path = await garage.published(server)
            assert garage.url == "http://%s/%s/app.bundle" % (garage.ocpp["publish_address"], checksum())  # the only protocol: HTTP
            answer = await fetch(garage.port_of_files, get(path))
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and body(answer) == FIRMWARE
            assert body(await fetch(garage.port_of_files, get(path, "Range: bytes=19990-\r\n"))) == FIRMWARE[19990:]
            assert body(await fetch(garage.port_of_files, get(path, method="HEAD"))) == b""
            assert (await fetch(garage.port_of_files, get("/"))).startswith(b"HTTP/1.1 404 ")
            await garage.passes(3)
            assert garage.view()["downloads"] == 4 - 2 and garage.view()["readers"] == 0
            assert garage.unpublish() == "Unpublished" and garage.view() is None
            await garage.passes(5)
            assert folder.kept is None and await refused(garage)
            assert garage.unpublish() == "NoFirmware" and garage.of(1) == PUBLISHED
            await quiet(garage)


async def refused(garage):
    """Does nothing listen?"""
    try:
        return not await fetch(garage.port_of_files, get("/"))
    except OSError:
        return True


async def test_nothing_listens_before_the_file_is_published():
    with Folder() as folder:
        async with FileServer(whole, FIRMWARE) as server:
            garage = PublishingGarage(folder)
            await garage.passes(3)
            assert await refused(garage)
            garage.publish(1, server.url, b"another")
            assert await garage.reaches(1, "InvalidChecksum") == ["Downloading", "Downloaded", "InvalidChecksum"]  # L03.FR.07
            assert await refused(garage) and folder.kept is None and "MD5" in garage.view()["why"]
            await quiet(garage)


async def test_without_an_address_nothing_is_published():
    with Folder() as folder:
        async with FileServer(whole, FIRMWARE) as server:
            garage = PublishingGarage(folder, publish_address=None)
            await garage.passes(3)
            assert garage.publish(1, server.url) == "Rejected" and garage.answer["statusInfo"]["reasonCode"] == "NotEnabled"
            await garage.passes(5)
            assert server.asked == [] and garage.notices == [] and garage.view() is None


async def test_a_download_that_fails_is_repeated_and_given_up_L03_FR_06():
    with Folder() as folder:
        async with FileServer(nothing("503 Busy"), FIRMWARE) as server:
            garage = PublishingGarage(folder)
            await garage.passes(3)
            garage.publish(1, server.url, retries=2, retryInterval=10)
            assert await garage.reaches(1, "DownloadFailed") == ["Downloading", "DownloadFailed"]
            assert len(server.asked) == 3 and "503" in garage.view()["why"] and folder.kept is None
            garage.publish(2, server.url, retries=0)
            await garage.reaches(2, "DownloadFailed")
            assert len(server.asked) == 4
            await quiet(garage)


async def test_a_broken_download_is_continued_where_it_ended():
    async def breaking(server, request, writer):
        start = server.start_of(request)
        end = len(FIRMWARE) if len(server.asked) > 2 else start + 7000
        await say(writer, head(start, len(FIRMWARE)) + FIRMWARE[start:end])

    with Folder() as folder:
        async with FileServer(breaking) as server:
            garage = PublishingGarage(folder)
            await garage.passes(3)
            garage.publish(1, server.url, retryInterval=10)
            statuses = await garage.reaches(1, "Published")
            assert statuses == ["Downloading", "DownloadPaused"] * 2 + PUBLISHED
            assert [server.start_of(request) for request in server.asked] == [0, 7000, 14000] and folder.kept == FIRMWARE
            await quiet(garage)


async def test_a_file_that_is_too_long_or_empty_is_not_kept():
    with Folder() as folder:
        async with FileServer(whole, bytes(65537)) as server:
            garage = PublishingGarage(folder, publish_kib=64)
            await garage.passes(3)
            for number, data, why in ((1, bytes(65537), "at most 65536"), (2, b"", "0 bytes")):
                server.data = data
                garage.publish(number, server.url, data, retries=0)
                assert await garage.reaches(number, "DownloadFailed") == ["Downloading", "DownloadFailed"]
                assert why in garage.view()["why"] and not folder.kept
            await garage.published(server, 3, bytes(65536))
            await quiet(garage)


class FullTree(DyingTree):
    """A medium without room for more than `room` bytes."""

    room = 9000
    held = 0

    def append(self, name, data):
        fits = data[: self.room - self.held]
        self._files.append(name, fits)
        self.held += len(fits)
        if len(fits) < len(data):
            raise OSError(28, "no space left")

    def remove(self, name):
        self._files.remove(name)
        self.held = 0


async def test_a_full_medium_ends_the_download_at_once_and_gives_its_room_back():
    with Folder() as folder:
        async with FileServer(whole, FIRMWARE) as server:
            garage = PublishingGarage(folder)
            tree = garage.platform.published_files = FullTree(folder.path, MemoryFiles())
            await garage.passes(3)
            garage.publish(1, server.url)
            assert await garage.reaches(1, "DownloadFailed") == ["Downloading", "DownloadFailed"]
            assert "storage" in garage.view()["why"] and len(server.asked) == 1 and folder.kept is None
            tree.room = 30000
            await garage.published(server, 2)
            await quiet(garage)


async def test_no_place_for_a_file_is_a_failure():
    with Folder() as folder:
        async with FileServer(whole, FIRMWARE) as server:
            garage = PublishingGarage(folder)
            await garage.passes(3)
            garage.platform.folder = ""
            garage.publish(1, server.url)
            assert await garage.reaches(1, "PublishFailed") == ["PublishFailed"] and server.asked == []
            garage.platform.folder = folder.path + "/missing/folder"
            garage.publish(2, server.url, retries=0)
            await garage.reaches(2, "DownloadFailed")
            await quiet(garage)


async def test_an_address_that_cannot_be_used_is_a_failure_L03_FR_08():
    with Folder() as folder:
        async with FileServer(whole, FIRMWARE) as server:
            garage = PublishingGarage(folder)
            other = await asyncio.start_server(lambda reader, writer: None, HOST, garage.port_of_files)
            await garage.passes(3)
            garage.publish(1, server.url)
            assert await garage.reaches(1, "PublishFailed") == LOADED + ["PublishFailed"]
            assert folder.kept is None
            other.close()
            await quiet(garage)


async def test_after_a_restart_the_file_is_verified_and_published_again_without_a_word():
    with Folder() as folder:
        async with FileServer(whole) as server:
            garage = PublishingGarage(folder)
            await garage.passes(3)
            path = await garage.published(server)
            garage.start()
            await garage.passes(30)
            assert body(await fetch(garage.port_of_files, get(path))) == FIRMWARE
            assert garage.of(1) == PUBLISHED and len(server.asked) == 1
            assert garage.unpublish() == "Unpublished"
            garage.start()  # before the file was removed
            await garage.passes(10)
            assert folder.kept is None and await refused(garage) and garage.of(1) == PUBLISHED
            assert garage.primary.upstream.station.documents.get("ocpp_publish") is None
            await quiet(garage)


async def test_a_file_that_was_changed_lost_or_cut_while_the_power_was_off_is_not_published_again_L03_FR_08():
    for damage in (FIRMWARE[:-1], FIRMWARE + b"x", FIRMWARE[:-1] + b"x", b"", None):
        with Folder() as folder:
            async with FileServer(whole) as server:
                garage = PublishingGarage(folder)
                await garage.passes(3)
                await garage.published(server)
                garage.power_off()
                if damage is None:
                    os.remove(folder.path + "/publish/file")
                else:
                    with open(folder.path + "/publish/file", "wb") as file:
                        file.write(damage)
                garage.start()
                assert await garage.reaches(1, "PublishFailed") == PUBLISHED + ["PublishFailed"]
                assert folder.kept is None and await refused(garage)
                await quiet(garage)


async def test_a_file_that_is_longer_than_the_site_permits_now_is_not_published_again():
    with Folder() as folder:
        async with FileServer(whole) as server:
            garage = PublishingGarage(folder)
            await garage.passes(3)
            await garage.published(server)
            garage.facts["ocpp"]["publish_kib"] = 16
            garage.start()
            assert await garage.reaches(1, "PublishFailed") == PUBLISHED + ["PublishFailed"]
            assert folder.kept is None and await refused(garage)
            await quiet(garage)


async def test_a_site_that_does_not_permit_it_any_more_ends_it_and_another_address_is_reported():
    with Folder() as folder:
        async with FileServer(whole) as server:
            garage = PublishingGarage(folder)
            await garage.passes(3)
            await garage.published(server)
            garage.port_of_files += 1
            garage.facts["ocpp"]["publish_address"] = "%s:%d" % (HOST, garage.port_of_files)
            garage.start()
            await garage.passes(100, lambda: len(garage.of(1)) > 4)
            assert garage.of(1) == PUBLISHED + ["Published"] and str(garage.port_of_files) in garage.url
            garage.facts["ocpp"]["publish_address"] = None
            garage.start()
            await garage.reaches(1, "PublishFailed")
            assert folder.kept is None and await refused(garage)
            await quiet(garage)


async def test_a_file_that_is_changed_while_it_is_served_ends_the_answer_and_the_publication():
    with Folder() as folder:
        async with FileServer(whole) as server:
            garage = PublishingGarage(folder)
            await garage.passes(3)
            path = await garage.published(server)
            with open(folder.path + "/publish/file", "wb") as file:
                file.write(FIRMWARE[:5000])
            answer = await fetch(garage.port_of_files, get(path))
            assert b"Content-Length: 20000\r\n" in answer and len(body(answer)) < 20000
            assert await garage.reaches(1, "PublishFailed") == PUBLISHED + ["PublishFailed"]
            assert folder.kept is None and await refused(garage)
            await quiet(garage)


async def test_while_a_charging_station_downloads_the_file_stays_L04_FR_04():
    with Folder() as folder:
        async with FileServer(whole) as server:
            garage = PublishingGarage(folder)
            await garage.passes(3)
            path = await garage.published(server)
            with Slowly(100):
                client = await reading(garage, path)
                await garage.passes(3)
                assert garage.view()["readers"] == 1 and garage.unpublish() == "DownloadOngoing"
                assert garage.publish(2, server.url) == "Rejected" and garage.answer["statusInfo"]["reasonCode"] == "FwUpdateInProgress"
                reset(client)
                assert await garage.passes(600, lambda: garage.unpublish() == "Unpublished"), garage.view()
            await garage.passes(5)
            assert folder.kept is None
            await quiet(garage)


async def test_an_order_during_a_download_replaces_it_and_unpublish_waits_for_its_end():
    gate = []

    async def slow(server, request, writer):
        await say(writer, head(0, len(FIRMWARE)) + FIRMWARE[:3000])
        while not gate:
            await asyncio.sleep(0.01)
        await say(writer, FIRMWARE[3000:])

    with Folder() as folder:
        async with FileServer(slow) as server:
            garage = PublishingGarage(folder)
            await garage.passes(3)
            garage.publish(1, server.url)
            await garage.reaches(1, "Downloading")
            await garage.passes(10)
            assert garage.unpublish() == "DownloadOngoing"
            other = FIRMWARE[:9000]
            async with FileServer(whole, other) as second:
                assert garage.publish(2, second.url, other) == "Accepted"
                assert await garage.reaches(2, "Published") == PUBLISHED
                gate.append(True)
                await garage.passes(10)
                assert garage.of(1) == ["Downloading", "DownloadFailed"] and folder.kept == other
                assert garage.unpublish() == "NoFirmware" and garage.unpublish(other) == "Unpublished"
                await garage.passes(5)
            await quiet(garage)


async def test_the_controllers_own_update_comes_first():
    with Folder() as folder:
        async with FileServer(whole, FIRMWARE) as server:
            garage = PublishingGarage(folder)
            await garage.passes(3)
            documents = garage.primary.upstream.station.documents
            order = {"id": 7, "url": "http://x", "retrieve": 0, "install": None, "retries": 3, "interval": 60, "status": "Downloading", "slot": -1,
                     "sequence": 0, "unsent": []}  # fmt: skip
            documents.put("ocpp_firmware", order)
            garage.publish(1, server.url)
            assert await garage.reaches(1, "DownloadScheduled") == ["DownloadScheduled"]
            await garage.passes(20)
            assert server.asked == []
            order["status"] = "DownloadFailed"
            documents.put("ocpp_firmware", order)
            assert await garage.reaches(1, "Published") == ["DownloadScheduled"] + PUBLISHED
            await quiet(garage)


async def test_a_power_cut_at_any_write_ends_in_the_published_file_or_in_a_status_that_says_so():
    async with FileServer(whole, FIRMWARE) as server:
        ends, at = [], 0
        while not ends or ends[-1] != "never":
            at += 1
            assert at < 80, ends
            with Folder() as folder:
                files = MemoryFiles()
                garage = PublishingGarage(folder, files)
                garage.platform.published_files = tree = DyingTree(folder.path, files)
                await garage.passes(3)
                tree.left = at
                accepted = garage.call("PublishFirmware", {"requestId": 1, "location": server.url, "checksum": checksum()}) == {"status": "Accepted"}
                await garage.passes(60, lambda tree=tree, garage=garage: tree.dead or "Published" in garage.of(1))
                if not tree.dead:
                    ends.append("never")
                    await quiet(garage)
                    continue
                await quiet(garage)
                for name in ("append", "sync", "replace", "remove"):
                    delattr(files, name)
                garage.start()
                await garage.passes(3)
                if isinstance(garage.primary.upstream.station.documents.get("ocpp_publish"), dict):
                    await garage.reaches(1, "Published")
                    assert folder.kept == FIRMWARE, at
                    ends.append("published")
                else:
                    assert not accepted, at
                    ends.append("not accepted")
                await quiet(garage)
        assert "published" in ends and "not accepted" in ends


async def test_a_build_without_md5_verifies_with_ours():
    class Without:
        pass

    before, publisher.hashlib = publisher.hashlib, Without
    try:
        assert isinstance(publisher.new_md5()[0], OwnMd5)
        with Folder() as folder:
            async with FileServer(whole) as server:
                garage = PublishingGarage(folder)
                await garage.passes(3)
                await garage.published(server, 1, FIRMWARE[:3000])
                garage.publish(2, server.url, b"another")
                await garage.reaches(2, "InvalidChecksum")
                await quiet(garage)
    finally:
        publisher.hashlib = before


def test_a_controller_with_slots_keeps_the_room_of_the_spare_one():
    class Medium:
        """With 1,000,000 free bytes."""

        @staticmethod
        def statvfs(path):
            return 4096, 1000, 2000, 0, 1000

    with Folder() as folder:
        garage = PublishingGarage(folder)
        os.mkdir(folder.path + "/slots")
        put(folder.path + "/slots/b/x", bytes(30000))
        before, published_file.os = published_file.os, Medium
        try:
            for slot, size_max, expected in (
                ("", 5000, 5000), ("", 1 << 30, 1000000 - KEPT_BYTES), ("a", 1 << 30, 1000000 - KEPT_BYTES - SLOT_BYTES + 30000),
                ("b", 1 << 30, 1000000 - KEPT_BYTES - SLOT_BYTES),
            ):  # fmt: skip
                garage.platform.boot["slot"], garage.platform.boot["update"] = slot, folder.path
                file = PublishedFile(garage.platform, garage.log, size_max)
                file.measure()
                assert file.slot_bytes == expected, slot
        finally:
            published_file.os = before


async def test_small_parts_from_the_network_are_written_to_the_medium_in_blocks():
    async def in_drops(server, request, writer):
        start = server.start_of(request)
        end = len(FIRMWARE) if len(server.asked) > 1 else 6000
        await say(writer, head(start, len(FIRMWARE)))
        for at in range(start, end, 700):
            await say(writer, FIRMWARE[at : min(at + 700, end)])
            await asyncio.sleep(0.002)

    class Counting(DyingTree):
        def append(self, name, data):
            sizes.append(len(data))
            self._files.append(name, data)

    sizes = []
    with Folder() as folder:
        async with FileServer(in_drops) as server:
            garage = PublishingGarage(folder)
            garage.platform.published_files = Counting(folder.path, MemoryFiles())
            await garage.passes(3)
            garage.publish(1, server.url)
            await garage.reaches(1, "Published")
            assert sizes == [4096] * 4 + [20000 - 4 * 4096] and folder.kept == FIRMWARE
            assert [server.start_of(request) for request in server.asked] == [0, 6000]
            await quiet(garage)
