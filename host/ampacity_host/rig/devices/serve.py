"""Simulated devices on a real socket, or on a serial line, with a real clock."""

import asyncio
import time
from collections.abc import Callable, Sequence

from ampacity_host.rig.devices.device import Device

TICK_S = 0.02
READ_MAX = 1024


def monotonic_us() -> int:
    """The machine's clock in µs."""
    return time.monotonic_ns() // 1000


async def serve_tcp(
    devices: "Device | Sequence[Device]", host: str = "127.0.0.1", port: int = 0, now_us: "Callable[[], int]" = monotonic_us
) -> asyncio.Server:
    """Modbus TCP on host:port (0: any free one); several devices are units behind one gateway.

    The devices' time runs while the server is open. Close the returned server to end it.
    """
    served = [devices] if isinstance(devices, Device) else list(devices)

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for device in served:
            device.connected()
        try:
            while data := await reader.read(READ_MAX):
                await _answer(served, data, writer, now_us)
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(client, host, port)
    asyncio.get_running_loop().create_task(_run(served, server, now_us))
    return server


async def _answer(devices: "Sequence[Device]", data: bytes, writer: asyncio.StreamWriter, now_us: "Callable[[], int]") -> None:
    answers = [answer for device in devices for answer in device.receive(data, now_us())]
    for frame, at_us in sorted(answers, key=lambda answer: answer[1]):
        await asyncio.sleep(max(0, at_us - now_us()) / 1_000_000)
        writer.write(frame)
        await writer.drain()


async def _run(devices: "Sequence[Device]", server: asyncio.Server, now_us: "Callable[[], int]") -> None:
    while server.is_serving():
        for device in devices:
            device.tick(now_us() // 1000)
        await asyncio.sleep(TICK_S)
