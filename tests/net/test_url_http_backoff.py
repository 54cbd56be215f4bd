"""Addresses, heads and waiting."""

from ampacity.base.errors import Rejected
from ampacity.base.rng import Rng
from ampacity.base.url import parse_url, quote, shown_url
from ampacity.net.backoff import BackOff
from ampacity.net.http import parse_head
from ampacity.net.http_get import redirected
from check import raises


def test_a_url_is_split_into_its_parts():
    for text, parts in (
        ("ws://127.0.0.1:9000", ("ws", "127.0.0.1", 9000, "/", "127.0.0.1:9000")),
        ("WSS://csms.example/a/b?x=1", ("wss", "csms.example", 443, "/a/b?x=1", "csms.example")),
        ("ws://h:80/", ("ws", "h", 80, "/", "h")),
        ("ws://h?x", ("ws", "h", 80, "/?x", "h")),
        ("ws://[::1]:8080/x", ("ws", "::1", 8080, "/x", "[::1]:8080")),
    ):
        url = parse_url(text)
        assert (url.scheme, url.host, url.port, url.path, url.host_header) == parts


def test_the_identity_becomes_the_last_part_of_the_path():
    for text, path in (
        ("ws://h", "/AMP%20%2F1"),
        ("ws://h/", "/AMP%20%2F1"),
        ("ws://h/a", "/a/AMP%20%2F1"),
        ("ws://h/a/?k=v", "/a/AMP%20%2F1?k=v"),
    ):
        assert parse_url(text).below("AMP /1").path == path
    assert quote("aZ09-._~\u00e9") == "aZ09-._~%C3%A9"


def test_a_false_url_is_rejected_with_what_is_allowed():
    for text in (
        "", "csms.example", "http://h", "ws://", "ws://:80", "ws://h:0", "ws://h:65536", "ws://h:x", "ws://h:80:80",
        "ws://u:p@h/", "ws://h/#x", "ws://h/a b", "ws://h/\u00e9", "ws://[::1", "ws://[::1]x", "ws://h/" + "x" * 600,
    ):
        with raises(Rejected) as e:
            print("taken:", text, parse_url(text))
        assert e.field == "url"


def test_a_refused_url_shows_no_password_and_no_query():
    for text in ("ws://user:secret@h/", "ws://h/x?key=secret#part", "ws://h/" + "x" * 600 + "?secret"):
        with raises(Rejected) as e:
            parse_url(text)
        assert "secret" not in str(e)


def test_an_address_is_shown_without_user_password_and_query():
    for text, shown in (
        ("ws://h:80/a", "ws://h:80/a"), ("ftp://u:SECRET@h/x?t=SECRET#SECRET", "ftp://***@h/x"), ("http://u:SEC/RET@h/x", "http://***@h/x"),
        ("http://u:SEC?RET@h/x", "http://***"), ("http://h/x?mail=a@b", "http://h/x"), ("u:SECRET@h?SECRET", "***@h"), ("//u:SECRET@h", "***@h"),
        ("", ""), ("http://" + "x" * 600, "http://" + "x" * 73),
    ):
        assert shown_url(text) == shown, (text, shown_url(text))


def test_a_refused_or_redirected_url_hides_them_too():
    for text in ("ftp://u:SECRET@h/x?SECRET", "ws://h/a b?SECRET", "ws://h:x?SECRET", "SECRET@h", "ws://h/\u00e9?SECRET"):
        with raises(Rejected) as e:
            parse_url(text)
        assert "SECRET" not in str(e), text
        with raises(ValueError) as e:
            redirected(parse_url("https://h/", ("https",)), text)
        assert "SECRET" not in str(e.error), text


def test_a_head_is_read_when_it_is_complete():
    data = b"HTTP/1.1 101 Switching Protocols\r\nA: 1\r\nb:2 \r\na: 3\r\n\r\nrest"
    for size in range(len(data) - 4):
        assert parse_head(data[:size]) is None
    head, at = parse_head(data)
    assert (head.status, head.reason, data[at:]) == (101, "Switching Protocols", b"rest")
    assert head.field("a") == "1, 3" and head.field("b") == "2" and head.field("c") == ""
    assert head.has_token("a", "3") and not head.has_token("a", "4")


def test_a_false_or_endless_head_is_refused():
    for data in (b"x", b"HTTP/2", b"HTTP/1.1 1 x\r\n\r\n", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 x\r\n a: b\r\n\r\n"):
        with raises(ValueError):
            print("taken:", data, parse_head(data))
    with raises(ValueError):
        parse_head(b"HTTP/1.1 200 " + b"x" * 4090)
    with raises(ValueError):
        parse_head(b"HTTP/1.1 200 " + b"x" * 4090 + b"\r\n\r\n")


def test_the_wait_doubles_up_to_the_repeat_times_and_has_a_random_part():
    backoff = BackOff(10, 0, 3, Rng(1))
    assert [backoff.next_wait_ms() for _ in range(6)] == [10000, 20000, 40000, 80000, 80000, 80000]
    backoff.restart()
    assert backoff.next_wait_ms() == 10000
    backoff.random_range_s = 5
    backoff.attempts = 3
    waits = [backoff.next_wait_ms() - 80000 for _ in range(100)]
    assert min(waits) >= 0 and max(waits) <= 5000 and len(set(waits)) > 50
    assert BackOff(0, 0, 0, Rng(1)).next_wait_ms() == 100


def test_the_wait_is_doubled_up_to_an_hour_and_what_a_csms_set_above_it_holds():
    backoff = BackOff(10, 0, 20, Rng(1))
    assert [backoff.next_wait_ms() for _ in range(21)] == [10000 * 2**n for n in range(9)] + [3600000] * 12
    slow = BackOff(7200, 0, 20, Rng(1))
    assert {slow.next_wait_ms() for _ in range(21)} == {7200000}


def test_only_a_connection_that_was_used_for_the_least_wait_makes_it_short_again():
    backoff = BackOff(10, 0, 5, Rng(1))
    assert [backoff.next_wait_ms() for _ in range(3)] == [10000, 20000, 40000]
    backoff.used(9999)
    assert backoff.next_wait_ms() == 40000, "as long as it was"
    assert backoff.next_wait_ms() == 80000
    backoff.used(10000)
    assert backoff.next_wait_ms() == 10000
    backoff.used(0)
    assert backoff.next_wait_ms() == 10000
