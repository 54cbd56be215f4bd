"""A PUT of a file: the request's head, and answers in pieces of any size."""

from ampacity.base.url import parse_url, without_login
from ampacity.net.http_put import HttpPut
from check import raises


def put(url="http://files.example:8080/logs/?key=1", login=""):
    return HttpPut(parse_url(url, ("http", "https")), 1234, "amp-1.log", login)


def test_the_head_names_the_file_and_its_length():
    lines = put().head().decode().split("\r\n")
    assert lines[0] == "PUT /logs/amp-1.log?key=1 HTTP/1.1" and lines[1] == "Host: files.example:8080"
    assert "Content-Length: 1234" in lines and 'Content-Disposition: attachment; filename="amp-1.log"' in lines and lines[-2:] == ["", ""]
    assert not [line for line in lines if line.startswith("Authorization")]
    assert put("https://files.example/a/b.txt").head().startswith(b"PUT /a/b.txt HTTP/1.1\r\nHost: files.example\r\n")


def test_user_and_password_of_the_url_become_basic_authentication():
    url, login = without_login("https://me:p%40ss%C3%A9@files.example/logs/a@b")
    assert (url, login) == ("https://files.example/logs/a@b", "me:p@ss\xe9")
    assert b"\r\nAuthorization: Basic bWU6cEBzc8Op\r\n" in put(login=login).head()
    for text in ("http://files.example/x?y=a@b", "http://files.example", "files"):
        assert without_login(text) == (text, "")
    for text in ("http://a:%zz@files.example/", "http://a:%f@files.example/", "http://a:%ff@files.example/"):
        with raises(ValueError):
            without_login(text)


def test_an_answer_comes_in_pieces_of_any_size():
    whole = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Not For You\r\nContent-Length: 3\r\n\r\nabc"
    for step in (1, 5, 40, len(whole)):
        one = put()
        for at in range(0, len(whole), step):
            one.receive(whole[at : at + step])
        assert (one.status, one.reason, one.location) == (403, "Not For You", ""), step
    assert put().status == 0


def test_only_redirections_that_keep_method_and_body_are_followed():
    for status, location in ((301, ""), (302, ""), (303, ""), (307, "/there"), (308, "/there")):
        one = put()
        one.receive(b"HTTP/1.1 %d Moved\r\nLocation: /there\r\n\r\n" % status)
        assert (one.status, one.location) == (status, location)


def test_what_is_no_answer_is_refused():
    for data in (b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 5000):
        with raises(ValueError):
            put().receive(data)
