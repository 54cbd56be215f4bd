"""Logs that the CSMS requests (N01), from a primary to a server on loopback."""

import asyncio
import os

from helper_csms import OCPP, Csms
from helper_garage import Garage, site

from ampacity.base.strict_json import dumps, loads


class Server:
    """Reads a whole request, then answers with `answers`, one for each connection (the last one again). `got`: [(head, body)].

    hangs: it never answers. early: it answers and closes before it has read the body."""

    def __init__(self, *answers, hangs=False, early=False):
        self.answers = [answer.encode() for answer in answers]
        self.hangs = hangs
        self.early = early
        self.got = []

    async def __aenter__(self):
        for _ in range(50):
            self.port = 20000 + int.from_bytes(os.urandom(2), "big") % 12000
            try:
                self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
                return self
            except OSError:
                pass
        raise OSError(98, "no free port")

    async def __aexit__(self, *error):
        self.server.close()
        await asyncio.sleep(0.01)

    async def _serve(self, reader, writer):
        try:
            data = b""
            while b"\r\n\r\n" not in data:
                data += await reader.read(500)
            head, _, body = data.partition(b"\r\n\r\n")
            size = int(head.decode().split("Content-Length: ")[1].split("\r\n")[0])
            while len(body) < size and not self.early:
                body += await reader.read(500)
            self.got.append((head.decode(), body))
            if self.hangs:
                await asyncio.sleep(5)
            writer.write(self.answers[min(len(self.got), len(self.answers)) - 1])
            await writer.drain()
        except (OSError, EOFError, IndexError):
            pass
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            pass


class LogGarage(Garage):
    """A primary whose CSMS requests logs. `notices`: [(status, requestId)]."""

    def start(self, **boot):
        super().start(**boot)
        self.csms = Csms()
        self.answers = {}
        self.platform.connect = asyncio.open_connection
        self.platform.abort = lambda writer: writer.transport.abort() if hasattr(writer, "transport") else writer.s.close()
        self.acting = self.primary.upstream.acting
        self.acting.connected(self.now_us // 1000)
        return self

    @property
    def notices(self):
        return [(payload["status"], payload.get("requestId")) for name, payload in self.csms.got if name == "LogStatusNotification"]

    def talk(self):
        now_ms = self.now_us // 1000
        text, wake_ms = self.acting.next(now_ms)
        while text is not None or wake_ms == now_ms:
            frame = loads(text) if text is not None else [0]
            if frame[0] == 2:
                self.acting.receive(self.csms.answer(frame, now_ms), now_ms)
            elif frame[0]:
                self.answers[frame[1]] = frame[2]
            text, wake_ms = self.acting.next(now_ms)

    def request(self, number, url, **more):
        """The status of the answer to GetLog."""
        payload = {"log": {"remoteLocation": url}, "logType": "DiagnosticsLog", "requestId": number}
        payload.update(more)
        self.acting.receive(dumps([2, "g%d" % number, "GetLog", payload]), self.now_us // 1000)
        self.talk()
        return self.answers["g%d" % number]["status"]

    async def passes(self, count, until=lambda: False):
        """True: `until` was true."""
        for _ in range(count):
            self.run(200)
            self.talk()
            await asyncio.sleep(0.002)
            if until():
                return True
        return False

    async def ends(self, number):
        """The last status of this request."""
        assert await self.passes(1000, lambda: len([each for each in self.notices if each[1] == number]) == 2), self.notices
        return self.notices[-1][0]


def garage():
    return LogGarage(site(ocpp=OCPP))


async def test_a_log_arrives_at_the_server():
    async with Server("HTTP/1.1 201 Created\r\n\r\n") as server:
        one = garage()
        await one.passes(5)
        for i in range(60):
            one.log.add("info", "line %d %s" % (i, "x" * 60), one.now_us // 1000)
        assert one.request(7, "http://me:secret@127.0.0.1:%d/logs/" % server.port) == "Accepted"
        assert await one.ends(7) == "Uploaded" and one.notices == [("Uploading", 7), ("Uploaded", 7)]
        head, body = server.got[0]
        assert head.startswith("PUT /logs/T-1-DiagnosticsLog-7.log HTTP/1.1\r\n") and "Authorization: Basic bWU6c2VjcmV0" in head
        text = body.decode()
        assert text.startswith("DiagnosticsLog of T-1, firmware ") and "info line 0 xxx" in text and "info line 59 xxx" in text
        assert "Content-Length: %d\r\n" % len(body) in head
        assert "secret" not in text + "".join([line[3] for line in one.log.since(0)]) and OCPP["password"] not in text


async def test_what_the_server_answers_becomes_the_status():
    for answer, status in (
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "PermissionDenied"), ("HTTP/1.1 405 No\r\n\r\n", "NotSupportedOperation"),
        ("HTTP/1.1 400 Bad\r\n\r\n", "BadMessage"), ("SSH-2.0\r\n\r\n", "BadMessage"), ("", "UploadFailure"),
        ("HTTP/1.1 404 Not Found\r\n\r\n", "UploadFailure"),
    ):
        async with Server(answer) as server:
            one = garage()
            await one.passes(5)
            one.log.add("info", "a line", one.now_us // 1000)
            one.request(7, "http://127.0.0.1:%d/logs" % server.port, retries=0)
            assert await one.ends(7) == status, answer
            assert server.got[0][0].startswith("PUT /logs HTTP/1.1")


async def test_every_attempt_is_a_new_connection():
    async with Server("HTTP/1.1 500 No\r\n\r\n", "HTTP/1.1 500 No\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n") as server:
        one = garage()
        await one.passes(5)
        one.log.add("info", "a line", one.now_us // 1000)
        one.request(7, "http://127.0.0.1:%d/logs" % server.port, retries=3, retryInterval=5)
        assert await one.ends(7) == "Uploaded" and len(server.got) == 3 and server.got[2][1].endswith(b"\n")


async def test_a_redirection_keeps_the_body_and_not_the_password_of_another_host():
    async with Server("HTTP/1.1 201 Created\r\n\r\n") as there:
        async with Server("HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:%d/there\r\n\r\n" % there.port) as server:
            one = garage()
            await one.passes(5)
            one.log.add("info", "a line", one.now_us // 1000)
            one.request(7, "http://me:secret@127.0.0.1:%d/logs" % server.port)
            assert await one.ends(7) == "Uploaded"
            assert there.got[0][1] == server.got[0][1] and there.got[0][0].startswith("PUT /there ")
            assert "Authorization" in server.got[0][0] and "Authorization" not in there.got[0][0]


async def test_redirections_in_a_circle_end():
    async with Server("HTTP/1.1 307 Moved\r\nLocation: /again\r\n\r\n") as server:
        one = garage()
        await one.passes(5)
        one.log.add("info", "a line", one.now_us // 1000)
        one.request(7, "http://127.0.0.1:%d/logs" % server.port, retries=0)
        assert await one.ends(7) == "UploadFailure" and len(server.got) == 4


async def test_a_server_that_refuses_before_it_has_read_all_is_heard_or_counts_as_a_failure():
    async with Server("HTTP/1.1 403 Forbidden\r\n\r\n", early=True) as server:
        one = garage()
        await one.passes(5)
        for i in range(150):
            one.log.add("info", "line %d %s" % (i, "x" * 60), one.now_us // 1000)
        one.request(7, "http://127.0.0.1:%d/logs" % server.port, retries=0)
        assert await one.ends(7) in ("PermissionDenied", "UploadFailure")


async def test_a_newer_request_cancels_an_upload_that_hangs():
    async with Server("HTTP/1.1 200 OK\r\n\r\n", hangs=True) as slow:
        async with Server("HTTP/1.1 200 OK\r\n\r\n") as server:
            one = garage()
            await one.passes(5)
            one.log.add("info", "a line", one.now_us // 1000)
            assert one.request(7, "http://127.0.0.1:%d/logs" % slow.port) == "Accepted"
            assert await one.passes(500, lambda: slow.got)
            assert one.request(8, "http://127.0.0.1:%d/logs" % server.port) == "AcceptedCanceled"
            assert await one.ends(8) == "Uploaded"
            assert one.notices == [("Uploading", 7), ("AcceptedCanceled", 7), ("Uploading", 8), ("Uploaded", 8)]
