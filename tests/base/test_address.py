"""Addresses as text: HOST:PORT, and hosts that are numbers."""

from ampacity.base.address import is_ip_literal, numeric_host, parse_address
from ampacity.base.errors import Rejected
from ampacity.base.host_name import is_host
from check import raises


def test_an_ip_literal_is_known():
    for host in ("127.0.0.1", "255.255.255.255", "::1"):
        assert is_ip_literal(host)
    for host in ("localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "a.b.c.d", "1.2.3.", "1.2.3.4567"):
        assert not is_ip_literal(host)


def test_names_are_no_addresses():
    assert numeric_host("127.0.0.1") == "127.0.0.1" and numeric_host("localhost") == "127.0.0.1"
    assert numeric_host("::1") == "::1"
    for bad in ("csms.example", "300.1.1.1"):
        with raises(Rejected) as e:
            numeric_host(bad)
        assert e.field == "host"


def test_an_address_is_a_host_and_a_port():
    assert parse_address("127.0.0.1:5020") == ("127.0.0.1", 5020)
    for bad in ("127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "127.0.0.1:005020", ":x", ":5020", "127.0.0.1:\u00b2"):
        with raises(Rejected) as e:
            parse_address(bad)
        assert e.field == "address" and "1..65535" in e.allowed


def test_a_host_is_an_address_or_a_name_that_can_be_queried():
    for host in ("pool.ntp.org", "fritz.box.", "localhost", "x" * 63, "3com.example", "my_server.local", "192.168.1.1", "fd00::1", "::ffff:10.0.0.1"):
        assert is_host(host), host
    for host in ("", ".", "a..b", ".a", "a b", " a", "a\n", "-a", "../../x", "x" * 64, "x." * 127 + "x", "fe80::1%eth0", "g::1",
                 "p\u00f6ol.example", "a:80"):
        assert not is_host(host), host
