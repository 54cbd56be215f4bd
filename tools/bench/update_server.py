"""Slots for a controller of the bench, a signed bundle for it, and the server that it comes from (row `stall/firmware-download`)."""

import asyncio
import contextlib
import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ampacity_host.csms.server import BenchCsms
from ampacity_host.update.bundle import Manifest, files_of, listed, pack
from ampacity_host.update.key_folder import KeyFolder
from ampacity_host.update.linux_slots import slots_command

BOARD = "unix"
IMAGE_BYTES = 640 * 1024  # about an image of a primary
LAST = ("InstallScheduled", "Installed", "DownloadFailed", "InvalidSignature", "InstallVerificationFailed", "InstallationFailed")


def make_slots(folder: Path) -> tuple[Path, bytes]:
    """(folder with two empty slots, signed bundle for them). The bundle's bytes cannot be compressed, as those of an image."""
    keys = KeyFolder(folder / "keys")
    keys.new_root("root")
    keys.new_key("release", ["application"], None)
    with contextlib.redirect_stdout(io.StringIO()):
        status = slots_command(folder / "root", folder / "keys", BOARD, None, True)
    assert status == 0, f"no slots: {status}"
    content = folder / "content"
    content.mkdir()
    (content / "application.pack").write_bytes(os.urandom(IMAGE_BYTES))
    files = files_of(content)
    manifest = Manifest("ampacity", "application", [BOARD], "9.0", 9, 0, listed(files), [])
    return folder / "root", pack(manifest, files, keys.signing_key("release"))


@asynccontextmanager
async def served(data: bytes) -> AsyncIterator[str]:
    """URL of a server on loopback that sends these bytes for each GET, as fast as they are taken."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/application.bundle"
    finally:
        server.close()


async def ordered(csms: BenchCsms, url: str, number: int, within_s: float) -> str:
    """UpdateFirmware with this request id; its last status: it waits until no car charges, or it failed. Raises TimeoutError."""
    came: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    csms.hooks["FirmwareStatusNotification"] = lambda csms, identity, payload: came.put_nowait(payload)
    try:
        firmware = {"location": url, "retrieveDateTime": "2020-01-01T00:00:00Z"}
        answer = await csms.call("UpdateFirmware", {"requestId": number, "firmware": firmware}, 5_000)
        assert answer.get("result", {}).get("status", "").startswith("Accepted"), f"not taken: {answer}"
        async with asyncio.timeout(within_s):
            while True:
                payload = await came.get()
                if payload.get("requestId") == number and payload["status"] in LAST:
                    return str(payload["status"])
    finally:
        del csms.hooks["FirmwareStatusNotification"]
