"""Firmware published by a controller of the virtual rig: over its network, its storage and its faults."""

import hashlib
import json

from ampacity_host.rig.virtual.loop import spawn
from ampacity_host.rig.virtual.memory_network import serve_streams
from ampacity_host.rig.virtual.virtual_bench import VirtualBench
from ampacity_host.rig.virtual.virtual_csms import attach_csms
from simulated import set_up

SITE = """
[site]
name = "t"
[[circuit]]
name = "main"
rating_a = 50.0
assumed_other_a = 20.0
[[evse]]
name = "a"
kind = "local"
circuit = "main"
max_a = 32.0
[ocpp]
identity = "T-1"
url = "ws://127.0.0.1:9000"
password = "0123456789abcdef"
publish_address = "10.0.0.5:8080"
"""
FIRMWARE = hashlib.sha256(b"x").digest() * 1000
CHECKSUM = hashlib.md5(FIRMWARE).hexdigest()
PUBLISHED = ["Downloading", "Downloaded", "ChecksumVerified", "Published"]
READY_MS = 16_000




class Owner:
    def __init__(self):
        self.tasks = set()


class Yard:
    """The bench, a file server on its network, and a CSMS that asks. `answers`: of the requests; `asked`: how often the file was."""

    def __init__(self, tmp_path):
        path = tmp_path / "site.toml"
        path.write_text(SITE)
        setup = set_up(path, csms=True)
        ocpp, setup.facts["ocpp"] = setup.facts["ocpp"], None
        self.bench, self.answers, self.asked = VirtualBench(setup.facts, setup.seed), [], 0
        self.csms = attach_csms(self.bench, ocpp["version"], ocpp)
        self.bench.network.serve("10.0.0.9", 80, serve_streams(self.bench.loop, self._file, Owner()))
        self.bench.start()
        self.bench.run_ms(READY_MS)

    async def _file(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FIRMWARE) + FIRMWARE)

    def call(self, method, **payload):
        self.csms.send_call(method, payload, self.answers.append)
        self.bench.run_ms(1000)
        answer = self.answers[-1]
        return answer.get("result", answer)

    def publish(self, number):
        answer = self.call("PublishFirmware", requestId=number, location="http://10.0.0.9/app.bin", checksum=CHECKSUM, retries=0)
        self.bench.run_ms(10_000)
        return answer

    def statuses(self):
        frames = [json.loads(frame["text"]) for frame in self.csms.frames if frame["dir"] == "in"]
        return [frame[3]["status"] for frame in frames if frame[0] == 2 and frame[2] == "PublishFirmwareStatusNotification"]

    def fetch(self):
        """What a charging station on the network gets."""
        got = []

        async def load():
            try:
                reader, writer = await self.bench.network.connect("10.0.0.5", 8080)
                writer.write(b"GET /%s/app.bin HTTP/1.1\r\nHost: x\r\n\r\n" % CHECKSUM.encode())
                got.append(await reader.read())
            except OSError as error:
                got.append(str(error).encode())

        spawn(self.bench.loop, Owner(), load())
        self.bench.run_ms(10_000)
        return got[0].partition(b"\r\n\r\n")[2]


def test_firmware_is_published_on_the_network_of_the_rig_and_again_after_a_power_cut(tmp_path):
    yard = Yard(tmp_path)
    assert yard.publish(1)["status"] == "Accepted" and yard.statuses() == PUBLISHED
    assert yard.fetch() == FIRMWARE
    primary = yard.bench.primary
    primary.kill()
    assert yard.fetch() == b""
    primary.start()
    yard.bench.run_ms(READY_MS)
    assert yard.fetch() == FIRMWARE and yard.statuses() == PUBLISHED and yard.asked == 1
    assert yard.call("UnpublishFirmware", checksum=CHECKSUM)["status"] == "Unpublished"
    assert yard.fetch() == b"" and primary.files.published == {}
    assert yard.bench.loop.problems == []


def test_a_full_disk_refuses_the_order_and_later_takes_it(tmp_path):
    yard = Yard(tmp_path)
    yard.bench.primary_fault("disk_full", True, {})
    assert "InternalError" in json.dumps(yard.publish(1)), "it could not be kept"
    yard.bench.primary_fault("disk_full", False, {})
    yard.bench.run_ms(1000)
    assert yard.publish(2)["status"] == "Accepted" and yard.statuses() == PUBLISHED
    assert yard.fetch() == FIRMWARE and yard.bench.loop.problems == []
