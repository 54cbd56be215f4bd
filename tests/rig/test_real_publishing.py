"""The controller as a process on either runtime, on sockets of this machine: the bench CSMS asks, urllib downloads."""

import hashlib
import http.server
import json
import socket
import threading
import time
import urllib.error
import urllib.request

import pytest
from rig_process import OCPP, SITE, running

FIRMWARE = hashlib.sha256(b"firmware").digest() * 10000  # 320 kB
CHECKSUM = hashlib.md5(FIRMWARE).hexdigest()
PUBLISHED = ["Downloading", "Downloaded", "ChecksumVerified", "Published"]
PATIENCE_S = 60


class Files(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(FIRMWARE)))
        self.end_headers()
        self.wfile.write(FIRMWARE)

    def log_message(self, *words):
        """Nothing to the terminal."""


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def notices(rig):
    frames = [json.loads(frame["text"]) for frame in rig.csms_log()["frames"] if frame["dir"] == "in"]
    return [frame[3] for frame in frames if frame[0] == 2 and frame[2] == "PublishFirmwareStatusNotification"]


def until(look):
    enough_s = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < enough_s
        time.sleep(0.2)
    return found


def load(url, **fields):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=fields), timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""
    except OSError:
        return None, b""


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_a_controller_in_a_process_publishes_firmware_and_again_after_a_power_cut(runtime, tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = "http://127.0.0.1:%d/app.bin" % server.server_address[1]
    place = "127.0.0.1:%d" % free_port()
    with running(SITE + OCPP + f'publish_address = "{place}"\n', "--runtime", runtime, "--data", str(tmp_path)) as rig:
        until(lambda: (rig.state()["primary"] or {}).get("ocpp", {}).get("connected"))
        asked = {"requestId": 5, "location": url, "checksum": CHECKSUM}
        assert rig.csms(method="PublishFirmware", payload=asked, timeout_ms=5_000)["result"]["status"] == "Accepted"
        until(lambda: [notice["status"] for notice in notices(rig)] == PUBLISHED)
        there = notices(rig)[-1]["location"][0]
        assert there == f"http://{place}/{CHECKSUM}/app.bin" and load(there) == (200, FIRMWARE)
        assert load(there, Range="bytes=319999-") == (206, FIRMWARE[-1:]) and load(f"http://{place}/site.json") == (404, b"")
        assert rig.state()["primary"]["ocpp"]["publish"]["downloads"] == 2
        rig.primary(action="kill")
        assert load(there)[0] is None
        rig.primary(action="start")
        assert until(lambda: load(there)[0] == 200 and load(there)) == (200, FIRMWARE)
        until(lambda: (rig.state()["primary"] or {}).get("ocpp", {}).get("connected"))
        ended = {"method": "UnpublishFirmware", "payload": {"checksum": CHECKSUM}, "timeout_ms": 5_000}
        until(lambda: rig.csms(**ended)["result"]["status"] == "Unpublished")
        assert load(there)[0] is None
        assert len(notices(rig)) == 4
    server.shutdown()
    server.server_close()
