"""A GET of a file, one response after another, in pieces of any size."""

from ampacity.base.url import parse_url
from ampacity.net.http_get import HttpGet, redirected
from check import raises

URL = parse_url("http://files.example:8080/a.bundle?x=1", ("http", "https"))


def get(start=0, mark="", size_max=10000):
    return HttpGet(URL, start, mark, size_max)


def head(status, *fields):
    return ("HTTP/1.1 %s\r\n%s\r\n" % (status, "".join([field + "\r\n" for field in fields]))).encode()


def test_a_file_comes_in_pieces_of_any_size():
    body = bytes(range(200))
    whole = head("200 OK", "Content-Length: 200", 'ETag: "7"') + body + b"and more than was announced"
    for step in (1, 7, 64, len(whole)):
        one, found = get(), b""
        for at in range(0, len(whole), step):
            found += one.receive(whole[at : at + step])
        assert found == body and one.done() and one.size == one.at == 200 and one.mark == '"7"', step


def test_the_first_request_asks_for_all_and_a_later_one_for_the_rest_of_the_same_file():
    first = get().request().decode()
    assert first.startswith("GET /a.bundle?x=1 HTTP/1.1\r\nHost: files.example:8080\r\n") and first.endswith("\r\n\r\n")
    assert "Range" not in first and "Accept-Encoding: identity\r\n" in first
    again = get(150, '"7"').request().decode()
    assert "Range: bytes=150-\r\nIf-Range: \"7\"\r\n" in again
    assert "If-Range" not in get(150).request().decode()


def test_a_part_continues_where_it_was_asked_for():
    one = get(150)
    assert one.receive(head("206 Partial Content", "Content-Range: bytes 150-199/200", "Content-Length: 50") + b"x" * 20) == b"x" * 20
    assert (one.at, one.size, one.done()) == (170, 200, False)


def test_a_server_without_ranges_gives_all_of_it_again():
    one = get(150)
    assert one.receive(head("200 OK", "Content-Length: 200", 'ETag: W/"7"') + b"abc") == b"abc"
    assert (one.at, one.size, one.mark) == (3, 200, "")


def test_what_is_no_file_for_us_is_refused_with_the_reason():
    for start, answer, text in (
        (0, head("404 Not Found"), "404 Not Found"),
        (0, head("200 OK", "Transfer-Encoding: chunked"), "transfer-encoding chunked"),
        (0, head("200 OK", "Content-Encoding: gzip", "Content-Length: 9"), "content-encoding gzip"),
        (0, head("200 OK"), "no length"),
        (0, head("200 OK", "Content-Length: -1"), "no length"),
        (0, head("200 OK", "Content-Length: 10001"), "10001 bytes is too long: at most 10000"),
        (0, head("200 OK", "Content-Length: 99999999999"), "no length"),
        (0, head("302 Found"), "302 Found"),
        (0, b"SSH-2.0-x\r\n", "not an HTTP response"),
        (0, b"HTTP/1.1 200 OK\r\nX: " + b"x" * 5000, "more than 4096 bytes"),
        (9, head("206 Partial Content", "Content-Range: bytes 8-99/100"), "another part"),
        (9, head("206 Partial Content", "Content-Range: bytes 9-99/*"), "no length"),
        (9, head("416 Range Not Satisfiable"), "416"),
    ):
        with raises(ValueError) as caught:
            get(start).receive(answer)
        assert text in str(caught.error), (text, caught.error)


def test_redirections_stay_with_the_host_or_name_another_and_never_leave_tls():
    one = get()
    assert one.receive(head("302 Found", "Location: /other") + b"text") == b"" and one.location == "/other" and not one.done()
    secure = parse_url("https://files.example/a", ("http", "https"))
    for url, location, target in (
        (URL, "/b?c", "http://files.example:8080/b?c"),
        (URL, "https://other.example/b", "https://other.example/b"),
        (secure, "/b", "https://files.example/b"),
    ):
        assert redirected(url, location) == target
    for url, location in ((secure, "http://files.example/a"), (URL, "b"), (URL, "//other.example/b"), (URL, "ftp://x/y")):
        with raises(ValueError):
            redirected(url, location)
