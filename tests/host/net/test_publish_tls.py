"""Firmware to publish comes by https only from a server that a root of the CSMS vouches for; the station shows no certificate of its own."""

import asyncio
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "roles"))

from helper_publishing import FIRMWARE, PUBLISHED, Folder, PublishingGarage  # noqa: E402

from ampacity.ports.linux import LinuxPlatform  # noqa: E402
from certificates import Authority  # noqa: E402


@pytest.mark.parametrize("known", [True, False])
async def test_firmware_comes_only_from_a_server_that_the_root_of_the_CSMS_vouches_for(tmp_path, known):
    authority, asked = Authority(), []

    async def serve(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FIRMWARE) + FIRMWARE)
        await writer.drain()
        writer.close()

    tls = authority.server_context(tmp_path, authority.issue())
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    url = "https://localhost:%d/app.bin" % server.sockets[0].getsockname()[1]
    with Folder() as folder:
        garage = PublishingGarage(folder, root_pem=(authority if known else Authority("Another CA")).root)
        linux = LinuxPlatform(str(tmp_path), {})
        garage.platform.connect, garage.platform.client_tls, garage.platform.abort = linux.connect, linux.client_tls, linux.abort
        await garage.passes(3)
        assert garage.publish(1, url, retries=0) == "Accepted"
        if known:
            assert await garage.reaches(1, "Published") == PUBLISHED and folder.kept == FIRMWARE
        else:
            assert await garage.reaches(1, "DownloadFailed") == ["Downloading", "DownloadFailed"]
            assert "certificate" in garage.view()["why"] and not folder.kept
        assert len(asked) == known
        garage.power_off()
    server.close()


async def test_without_a_root_certificate_https_is_a_failure_with_its_reason(tmp_path):
    with Folder() as folder:
        garage = PublishingGarage(folder)
        linux = LinuxPlatform(str(tmp_path), {})
        garage.platform.connect, garage.platform.client_tls = linux.connect, linux.client_tls
        await garage.passes(3)
        assert garage.publish(1, "https://127.0.0.1:9/app.bin", retries=0) == "Accepted"
        assert await garage.reaches(1, "DownloadFailed") == ["Downloading", "DownloadFailed"]
        assert garage.view()["why"]
        garage.power_off()
