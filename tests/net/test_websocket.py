"""The WebSocket core: RFC 6455 from the client's side."""

from peer import accept, field, frame, unmask

from ampacity.base.rng import Rng
from ampacity.base.url import parse_url
from ampacity.net.websocket import CLOSED, FRAMES_AT_ONCE, OPEN, WebSocketClient
from ampacity.net.websocket_frames import HEAD_BYTES, PASSED_MAX, encode, mask
from check import raises

URL = parse_url("ws://csms.example:9000/ocpp").below("AMP-0001")


def client(**more):
    return WebSocketClient(URL, ("ocpp2.0.1", "ocpp1.6"), "AMP-0001", "secret", entropy=Rng(1).bytes, **more)


def opened(**more):
    ws = client(**more)
    assert ws.receive(accept(ws.start())) == [("open",)]
    return ws


def test_the_upgrade_request_has_all_headers_that_the_rfc_requires():
    request = client().start()
    assert request.startswith(b"GET /ocpp/AMP-0001 HTTP/1.1\r\nHost: csms.example:9000\r\n")
    assert request.endswith(b"\r\n\r\n") and request.count(b"\r\n\r\n") == 1
    assert field(request, b"Upgrade") == b"websocket" and field(request, b"Connection") == b"Upgrade"
    assert field(request, b"Sec-WebSocket-Version") == b"13" and len(field(request, b"Sec-WebSocket-Key")) == 24
    assert field(request, b"Sec-WebSocket-Protocol") == b"ocpp2.0.1, ocpp1.6"
    assert field(request, b"Authorization") == b"Basic QU1QLTAwMDE6c2VjcmV0"
    assert b"Authorization" not in WebSocketClient(URL, ("ocpp2.0.1",)).start()


def test_the_upgrade_may_arrive_in_any_chunks_followed_by_frames():
    whole = b""
    for size in (1, 2, 7, 1000):
        ws = client()
        whole = accept(ws.start()) + frame(1, b"hello") + frame(9, b"p")
        events = []
        for at in range(0, len(whole), size):
            events += ws.receive(whole[at : at + size])
        assert events == [("open",), ("text", "hello")] and ws.protocol == "ocpp2.0.1"
        assert unmask(ws.data_to_send()) == [(10, b"p")]


def test_the_second_subprotocol_offered_may_be_selected():
    ws = client()
    assert ws.receive(accept(ws.start(), b"ocpp1.6")) == [("open",)]
    assert ws.protocol == "ocpp1.6"


def test_each_refused_upgrade_has_its_clear_error():
    ok = accept(client().start())
    for answer, said, status in (
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", "HTTP 401 Unauthorized", 401),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP 404 Not Found", 404),
        (b"HTTP/1.0 503\r\n\r\n", "HTTP 503", 503),
        (b"HTTP/1.1 200 OK\r\n\r\n", "HTTP 200", 200),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not an HTTP response", None),
        (b"\x15\x03\x01\x00\x02\x02", "not an HTTP response", None),
        (b"HTTP/1.1 abc\r\n\r\n", "no status", None),
        (b"HTTP/1.1 101 x\r\nno field\r\n\r\n", "no field", None),
        (b"HTTP/1.1 101 x\r\n" + b"a: b\r\n" * 1000, "more than 4096", None),
        (b"HTTP/1.1 101 x\r\n\r\n", "no upgrade", 101),
        (ok.replace(b"keep-alive, Upgrade", b"close"), "no upgrade", 101),
        (ok.replace(b"Upgrade: WebSocket", b"Upgrade: h2c"), "no upgrade", 101),
        (ok.replace(b"Accept: ", b"Accept: x"), "does not fit our key", 101),
        (ok.replace(b"ocpp2.0.1", b"ocpp2.1"), "took subprotocol 'ocpp2.1'", 101),
        (ok.replace(b"Sec-WebSocket-Protocol", b"X"), "took subprotocol ''", 101),
        (accept(client().start(), more=b"Sec-WebSocket-Extensions: permessage-deflate\r\n"), "extension", 101),
    ):
        ws = client()
        ws.start()
        events = ws.receive(answer + b"rest")
        assert len(events) == 1 and events[0][0] == "error" and said in events[0][1], (answer, events)
        assert (ws.state, ws.fault, ws.status) == (CLOSED, "refused", status)
        assert ws.receive(b"more") == [] and ws.data_to_send() == b"" and ws.end() == []


def test_a_server_that_disconnects_is_an_error_before_and_a_close_after_the_upgrade():
    ws = client()
    ws.start()
    assert ws.end()[0][0] == "error" and ws.fault == "refused"
    assert opened().end() == [("closed", 1006, "the server hung up")]


def test_sent_frames_are_masked_at_every_length():
    ws = opened()
    for size in (0, 1, 125, 126, 127, 1023, 1024, 1025, 65535, 65536, 70000):
        text = "x\u00e9y" * (size // 4) + "z" * (size % 4)
        assert unmask(ws.send_text(text)) == [(1, text.encode())]
    assert unmask(ws.ping(b"abc")) == [(9, b"abc")]
    assert ws.send_text("same") != ws.send_text("same")


def test_masking_twice_gives_the_same_back():
    rng = Rng(3)
    for size in (0, 1, 2, 3, 4, 5, 31, 1024, 1027, 5000):
        data, key = rng.bytes(size), rng.bytes(4)
        masked = mask(data, key)
        assert masked == bytes([b ^ key[i & 3] for i, b in enumerate(data)]) and mask(masked, key) == data
    assert mask(bytes(5), b"\x00\x01\x02\x03") == b"\x00\x01\x02\x03\x00"


def test_nothing_can_be_sent_on_a_closed_connection():
    ws = client()
    ws.start()
    with raises(ValueError):
        ws.send_text("too early")
    assert ws.close() == b""
    ws = opened()
    assert unmask(ws.close(1001, "bye")) == [(8, b"\x03\xe9bye")]
    with raises(ValueError):
        ws.send_text("too late")


def test_a_message_in_fragments_with_a_ping_between():
    ws = opened()
    events = ws.receive(frame(1, b"a", False) + frame(0, b"\xc3", False) + frame(9, b"!") + frame(0, b"\xa9"))
    assert events == [("text", "a\u00e9")]
    assert unmask(ws.data_to_send()) == [(10, b"!")]
    assert ws.receive(frame(1, b"next")) == [("text", "next")]


def test_bytes_may_arrive_one_by_one():
    ws = opened()
    data = frame(1, b"x" * 300) + frame(10) + frame(1, b"y" * 66000)
    ws = opened(message_max=70000)
    events = []
    for at in range(0, 400):
        events += ws.receive(data[at : at + 1])
    events += ws.receive(data[400:])
    assert events == [("text", "x" * 300), ("pong",), ("text", "y" * 66000)]


def test_the_servers_close_is_answered_and_reported():
    for payload, code, reason in ((b"\x03\xe8bye", 1000, "bye"), (b"", 1005, ""), (b"\x0f\xa0", 4000, "")):
        ws = opened()
        assert ws.receive(frame(8, payload) + frame(1, b"late")) == [("closed", code, reason)]
        assert unmask(ws.data_to_send()) == [(8, payload[:2])] and ws.state == CLOSED


def test_the_own_close_is_answered_by_the_server_and_earlier_messages_still_count():
    ws = opened()
    ws.close()
    assert ws.receive(frame(1, b"on its way") + frame(9, b"x")) == [("text", "on its way")]
    assert ws.receive(frame(8, b"\x03\xe8")) == [("closed", 1000, "")]
    assert ws.data_to_send() == b""


def test_each_kind_of_garbage_closes_with_its_code():
    long = b"x" * 200
    for data, code, fault in (
        (frame(3), 1002, "garbage"),
        (frame(11), 1002, "garbage"),
        (bytes((0xC1, 0)), 1002, "garbage"),
        (bytes((0x91, 0)), 1002, "garbage"),
        (bytes((0x81, 0x85)) + b"maskhello", 1002, "garbage"),
        (frame(9, long), 1002, "garbage"),
        (frame(9, b"", False), 1002, "garbage"),
        (frame(8, b"x"), 1002, "garbage"),
        (frame(8, b"\x03\xed"), 1002, "garbage"),
        (frame(8, b"\x00\x01"), 1002, "garbage"),
        (frame(8, b"\x13\x88"), 1002, "garbage"),
        (frame(8, b"\x03\xe8\xff"), 1007, "utf8"),
        (frame(0, b"x"), 1002, "garbage"),
        (frame(1, b"x", False) + frame(1, b"y"), 1002, "garbage"),
        (frame(1, b"short", size=2), 1002, "garbage"),
        (frame(1, long, size=8), 1002, "garbage"),
        (b"\x81\x7f\x80" + bytes(7), 1002, "garbage"),
        (frame(2, b"x"), 1003, "garbage"),
        (frame(1, b"\xff"), 1007, "utf8"),
        (frame(1, b"\xed\xa0\x80"), 1007, "utf8"),
        (frame(1, b"\xc3", False) + frame(0, b"x"), 1007, "utf8"),
        (frame(9, b"x", size=2), 1002, "garbage"),
        (frame(2, b"x" * 1001), 1009, "oversized"),
        (b"\x81\x7f\x7f" + b"\xff" * 7, 1009, "oversized"),
        (b"\x81\x7f" + (PASSED_MAX + 1).to_bytes(8, "big"), 1009, "oversized"),
    ):
        ws = opened(message_max=1000)
        events = ws.receive(data)
        assert len(events) == 1 and events[0][0] == "error", (data, events)
        sent = unmask(ws.data_to_send())
        assert len(sent) == 1 and sent[0][0] == 8 and sent[0][1][:2] == bytes((code >> 8, code & 255)), (data, sent)
        assert (ws.state, ws.fault) == (CLOSED, fault)
        assert ws.receive(frame(1, b"after")) == [] and ws.data_to_send() == b""


def test_messages_before_the_garbage_are_delivered():
    ws = opened()
    events = ws.receive(frame(1, b"good") + frame(3))
    assert events[0] == ("text", "good") and events[1][0] == "error" and len(events) == 2


def test_a_text_that_is_too_long_passes_by_and_leaves_its_first_bytes():
    text = b"[2,\"a\"," + b"x" * 5000
    for data in (
        frame(1, text), frame(1, text[:400], False) + frame(0, text[400:1000], False) + frame(9, b"!") + frame(0, text[1000:]),
        frame(1, text, False) + frame(0, b""), frame(1, text[:3], False) + frame(0, text[3:]), frame(1, text[:999], False) + frame(0, text[999:]),
    ):
        for step in (1, 7, 300, len(data)):
            ws = opened(message_max=1000)
            events, held = [], 0
            for at in range(0, len(data), step):
                events += ws.receive(data[at : at + step])
                while ws.more:
                    events += ws.receive(b"")
                held = max(held, len(ws._frames._data) + sum([len(part) for part in ws._parts or ()]))
            assert events == [("oversized", text[:HEAD_BYTES], len(text))] and ws.state == OPEN, (step, events)
            assert held < 2020 + 2 * step
            assert ws.receive(frame(1, b"after")) == [("text", "after")] and not ws.partial


class Large:
    """Bytes for which the heap has no block together with those that are there."""

    def __init__(self, data):
        self.data = data

    def __radd__(self, before):
        raise MemoryError()

    def __len__(self):
        return len(self.data)

    def __iter__(self):
        return iter(self.data)


def test_a_text_without_a_block_of_the_heap_for_it_passes_by_like_one_that_is_too_long():
    text = b"[2,\"a\"," + b"x" * 2000
    whole = frame(1, text)
    for arrived in (600, 1500):
        ws = opened(message_max=65536)
        assert ws.receive(whole[:arrived]) == []
        assert ws.receive(Large(whole[arrived : arrived + 100])) == []
        held = len(ws._frames._data)
        events = ws.receive(whole[arrived + 100 :] + frame(1, b"after"))
        assert held == 0 and events == [("oversized", text[:HEAD_BYTES], 65537), ("text", "after")] and ws.state == OPEN
    for whole in (frame(9, b"?" * 100), frame(2, b"x" * 100)):  # what is no text cannot be cut
        ws = opened()
        ws.receive(whole[:50])
        with raises(MemoryError):
            ws.receive(Large(whole[50:]))


def test_fragments_without_end_are_read_up_to_a_limit():
    ws = opened(message_max=1000)
    events = ws.receive(frame(1, b"[", False))
    part = frame(0, b"x" * 65000, False)
    for _ in range(PASSED_MAX // 65000):
        events += ws.receive(part)
    assert events == [] and ws.receive(part)[0][0] == "error" and ws.fault == "oversized"


def test_endless_empty_fragments_take_no_memory():
    ws = opened()
    ws.receive(frame(1, b"a", False))
    for _ in range(1000):
        assert ws.receive(frame(0, b"", False)) == []
    assert ws.receive(frame(0, b"b")) == [("text", "ab")]


def test_any_bytes_give_events_and_never_an_exception():
    rng = Rng(7)
    for _ in range(300):
        ws = opened(message_max=500)
        for _step in range(10):
            data = frame(rng.below(16), rng.bytes(rng.below(200)), rng.chance(600)) if rng.chance(600) else rng.bytes(20)
            for event in ws.receive(data):
                assert event[0] in ("text", "oversized", "pong", "closed", "error")
            ws.data_to_send()
        assert ws.state in (OPEN, CLOSED)


def test_no_bit_of_what_proves_the_server_may_be_wrong():
    good = accept(client().start())
    for wanted in (b"101 ", b"Upgrade: WebSocket", b"Sec-WebSocket-Accept: ", b"Protocol: ocpp2.0.1"):
        start = good.find(wanted)
        for at in range(start, start + len(wanted) + (28 if wanted.startswith(b"Sec") else 0)):
            data = bytearray(good)
            data[at] ^= 0x11
            ws = client()
            ws.start()
            assert ("open",) not in ws.receive(bytes(data)), (wanted, at)


def test_a_frame_equals_the_example_of_the_rfc():
    assert encode(1, b"Hello", b"\x37\xfa\x21\x3d") == b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"


def test_a_few_frames_are_taken_at_once_and_the_rest_on_request():
    socket = opened()
    events = socket.receive(frame(1, b"x") * (2 * FRAMES_AT_ONCE + 3))
    assert len(events) == FRAMES_AT_ONCE and socket.more
    assert len(socket.receive(b"")) == FRAMES_AT_ONCE and socket.more
    assert socket.receive(frame(1, b"last")[:3]) == [("text", "x")] * 3 and not socket.more
    assert socket.receive(frame(1, b"last")[3:]) == [("text", "last")]


def test_a_message_of_many_small_pieces_is_one_message():
    socket = opened()
    events, data = [], frame(1, b"a", False) + b"".join([frame(0, bytes((97 + n % 26,)), False) for n in range(1, 300)]) + frame(0, b"!")
    events += socket.receive(data)
    while socket.more:
        events += socket.receive(b"")
    assert events == [("text", "".join([chr(97 + n % 26) for n in range(300)]) + "!")]
