"""One request for one published file: only that path, only for reading, and nothing of the client's can grow."""

from ampacity.net.http_file import HEAD_MAX, FileRequest

PATH = "/abc/app.bin"
HOST = "Host: 10.0.0.1\r\n"


def asked(first, fields=HOST, size=1000, piece=4096):
    """The request after these bytes; None: it is not complete."""
    request = FileRequest(PATH, size, "abc")
    data = (first + "\r\n" + fields + "\r\n").encode()
    for at in range(0, len(data), piece):
        if request.receive(data[at : at + piece]):
            return request
    return None


def status(first, fields=HOST):
    return asked(first, fields).status


def test_the_file_is_there_for_get_and_head():
    for piece in (1, 7, 4096):
        request = asked("GET %s HTTP/1.1" % PATH, piece=piece)
        assert (request.status, request.first, request.last, request.sends) == (200, 0, 999, True)
    assert b"Content-Length: 1000\r\n" in request.answer() and b'ETag: "abc"\r\n' in request.answer()
    assert request.answer()[:17] == b"HTTP/1.1 200 OK\r\n" and request.answer()[-4:] == b"\r\n\r\n"
    head = asked("HEAD %s HTTP/1.1" % PATH)
    assert head.status == 200 and head.found and not head.sends and head.answer() == request.answer()
    assert status("GET http://10.0.0.1:80%s HTTP/1.1" % PATH) == 200
    assert status("GET %s HTTP/1.0" % PATH) == 200


def test_no_other_path_exists():
    for path in (
        "/", "/abc", "/abc/", "/abc/app.bin/", "//abc/app.bin", "/abc//app.bin", "/abc/../abc/app.bin", "/abc/./app.bin", "/ABC/app.bin",
        "/abc/app.bin?", "/abc/app.bin?x=1", "/abc/app%2ebin", "/%61bc/app.bin", "/../../etc/passwd", "/abc/..", "\\abc\\app.bin", "abc/app.bin",
        "/abc/app.bin%00", "/abc/app.bin#x", "*", "http://x", "http://x//abc/app.bin", "file:///etc/passwd", "/abc/app.bin\x00", "/store/site.json",
    ):  # fmt: skip
        request = asked("GET %s HTTP/1.1" % path)
        assert request.status == 404 and not request.sends, path
        assert b"Content-Length: 0\r\n" in request.answer()


def test_nothing_but_reading():
    for method in ("PUT", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get", "PROPFIND"):
        request = asked("%s %s HTTP/1.1" % (method, PATH))
        assert request.status == 405 and not request.sends and b"Allow: GET, HEAD\r\n" in request.answer(), method


def test_what_is_no_request_is_refused():
    for first in ("", "GET", "GET %s" % PATH, "GET  %s HTTP/1.1" % PATH, "GET %s HTTP/2.0" % PATH, "GET %s x HTTP/1.1" % PATH, "\x16\x03\x01 a b"):
        assert status(first) == 400, first
    for fields in ("", "Host\r\n", "Host : x\r\n", " Host: x\r\n", "Host: x\r\n folded\r\n", ": x\r\n", "Host:\r\n"):
        assert status("GET %s HTTP/1.1" % PATH, fields) == 400, fields


def test_a_head_is_bounded():
    request = FileRequest(PATH, 1000, "abc")
    sent = 0
    while not request.receive(b"x" * 512):
        sent += 512
        assert sent <= HEAD_MAX
    assert request.status == 431 and not request.sends
    assert status("GET %s HTTP/1.1" % PATH, HOST + "A: %s\r\n" % ("x" * HEAD_MAX)) == 431
    assert status("GET %s HTTP/1.1" % PATH, HOST + "A: x\r\n" * 300) == 200  # of 1.8 KB
    assert status("GET %s HTTP/1.1" % PATH, HOST + "A: x\r\n" * 400) == 431


def ranged(text, more=""):
    return asked("GET %s HTTP/1.1" % PATH, HOST + "Range: %s\r\n" % text + more)


def test_a_part_of_the_file():
    for text, first, last in (
        ("bytes=0-99", 0, 99), ("bytes=100-", 100, 999), ("bytes=-10", 990, 999), ("bytes=999-999", 999, 999), ("bytes=500-9999999", 500, 999),
        ("bytes=-5000", 0, 999), ("Bytes= 5-6", 5, 6),
    ):  # fmt: skip
        request = ranged(text)
        assert (request.status, request.first, request.last) == (206, first, last), text
        assert ("Content-Range: bytes %d-%d/1000\r\n" % (first, last)).encode() in request.answer()
        assert ("Content-Length: %d\r\n" % (last - first + 1)).encode() in request.answer()
    for text in ("bytes=1000-", "bytes=5000-6000", "bytes=-0"):
        request = ranged(text)
        assert request.status == 416 and not request.sends and b"Content-Range: bytes */1000\r\n" in request.answer(), text


def test_a_range_that_is_none_gives_the_whole_file():
    for text in (
        "", "bytes", "bytes=", "bytes=-", "bytes=9-5", "bytes=0-1,5-6", "items=0-1", "bytes=a-b", "bytes=--1", "bytes=1--2", "bytes=+1-2",
        "bytes=\xb2-3", "bytes=0-" + "9" * 400,
    ):  # fmt: skip
        request = ranged(text)
        assert (request.status, request.first, request.last) == (200, 0, 999), text


def test_a_part_of_another_content_is_not_continued():
    assert ranged("bytes=5-", 'If-Range: "abc"\r\n').status == 206
    for mark in ('"other"', "abc", 'W/"abc"', "Sun, 06 Nov 1994 08:49:37 GMT"):
        assert ranged("bytes=5-", "If-Range: %s\r\n" % mark).status == 200
