"""What no client of a line-by-line port says."""

from ampacity.base.protocol_sniffing import is_other_protocol


def test_heads_of_http_and_binary_are_foreign():
    for line in (b"GET / HTTP/1.1\r", b"POST /a?b=c HTTP/1.0", b"PRI * HTTP/2.0", b"limit /main HTTP/1.1\r", b"\x16\x03\x01\x02", b"a\x00b"):
        assert is_other_protocol(line), line


def test_data_of_real_clients_is_not_foreign():
    for line in (b"", b"show site", b"limit main 16", b"HTTP/1.1", b"set ocpp.url http://csms.example/x", b"\xff\xfe", b"why bay-1\r"):
        assert not is_other_protocol(line), line
