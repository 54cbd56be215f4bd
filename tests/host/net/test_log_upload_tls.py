"""A log goes to a server with TLS: only to one whose certificate a root of the CSMS has signed (N01.FR.15)."""

import asyncio

import pytest

from ampacity.base.log import Log
from ampacity.base.within import within
from ampacity.ocpp.diagnostics.logs import Upload
from ampacity.ports.linux import LinuxPlatform
from ampacity.roles.charging.log_upload import LogUpload
from certificates import Authority


class Text:
    """A log of one line."""

    size = 7

    def __init__(self):
        self.left = b"a line\n"

    def measure(self):
        return True

    def rewind(self):
        self.left = b"a line\n"

    def read(self, most):
        data, self.left = self.left[:most], self.left[most:]
        return data


@pytest.mark.parametrize(("known", "expected"), [(True, ("Uploaded", "201 Created")), (False, ("UploadFailure", "certificate"))])
async def test_a_log_goes_only_to_a_server_that_the_root_of_the_CSMS_vouches_for(tmp_path, known, expected):
    authority, got = Authority(), []

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        got.append(head + await reader.readexactly(7))
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    tls = authority.server_context(tmp_path, authority.issue())
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    url = "https://localhost:%d/logs/" % server.sockets[0].getsockname()[1]
    upload, ended = Upload(url, "me:secret", "a.log", Text()), asyncio.Event()
    root_pem = (authority if known else Authority("Another CA")).root
    LogUpload(LinuxPlatform(str(tmp_path), {}), Log(), root_pem, upload, ended.set)
    await within(ended.wait(), 20)
    server.close()
    assert upload.result[0] == expected[0] and expected[1] in upload.result[1], upload.result
    assert len(got) == known and all(request.endswith(b"\r\n\r\na line\n") for request in got)
