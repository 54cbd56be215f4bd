"""Certificates of Modbus/TCP Security that cannot be used do not stop a controller: it runs without that connection, and says so."""

import asyncio

from helper_garage import Garage, HandPlatform, evse, site
from helper_secondary import Unit, config

from ampacity.base.errors import Rejected
from ampacity.ports.detect import detect_platform
from ampacity.roles.configuration.rehearsal import rehearse
from ampacity.roles.configuration.tls_fields import refuse_tls
from ampacity.roles.primary import make_primary
from ampacity.roles.secondary import check_sent, open_bus
from ampacity.x509.encoding import pem
from vectors_x509 import OTHER_KEY, ROOT

TLS = detect_platform()[0]
KEY = b"\x30\x31\x02\x01\x01\x04\x20" + bytes(31) + bytes((99,)) + b"\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"  # of P-256 (SEC 1)
GOOD = {"root_pem": pem("CERTIFICATE", ROOT), "certificate_pem": pem("CERTIFICATE", OTHER_KEY), "key_pem": pem("EC PRIVATE KEY", KEY)}
BROKEN = (
    ({"root_pem": None}, "root_pem"),
    ({"root_pem": "garbage"}, "root_pem"),
    ({"root_pem": pem("CERTIFICATE", b"\x30\x00")}, "root_pem"),  # only the library sees that
    ({"certificate_pem": None, "key_pem": None}, "certificate_pem"),
    ({"certificate_pem": "garbage"}, "certificate_pem"),
    ({"key_pem": pem("PRIVATE KEY", b"\x30\x00")}, "key_pem"),
)
PARENT = {"name": "up", "serial": "S", "unit": 4, "max_da": 160, "fallback_da": 0, "power_on_da": 0, "lease_ms": 10000, "after_lease_ms": 0}


class TlsPlatform(HandPlatform):
    """With the TLS library of this runtime, and a network on which nothing answers."""

    def client_tls(self, files):
        return TLS.client_tls(self, files)

    def server_tls(self, files):
        return TLS.server_tls(self, files)

    async def connect(self, host, port, tls=None, name=None):
        raise OSError("refused by %s" % host)

    async def listen(self, host, port, handler, tls=None, refused=None):
        raise OSError("%s is in use" % host)


class Secure(Garage):
    platform_class = TlsPlatform


def material(**changes):
    out = dict(GOOD)
    out.update(changes)
    return out


def secured(tls):
    """A garage with a third EVSE, behind a bus with TLS."""
    facts = site(400)
    facts["buses"].append({"name": "lan", "kind": "tcp", "host": "10.0.0.9", "tcp_port": 802, "transit_ms": 150, "gateway": False, "private": False,
                           "tls": tls})
    facts["evses"].append(evse("evse-3", "ampacity", bus=1, unit=3))
    return facts


async def said(log, start):
    """The lines that a task logs in a moment."""
    task = asyncio.create_task(start())
    await asyncio.sleep(0.05)
    task.cancel()
    return [line[3] for line in log.since(0)]


async def test_a_primary_whose_certificates_for_a_device_cannot_be_used_regulates_all_others_and_names_the_field():
    for changes, field in BROKEN:
        garage = Secure(secured(material(**changes)))
        garage.port.car = garage.unit.port.car = "C"
        garage.run(60000)
        assert min(garage.amps_da()) >= 60 and not garage.view("evse-3")["online"], changes
        assert "no valid answer on bus lan 10.0.0.9:802 unit 3 since start: check tls: %s: " % field in garage.view("evse-3")["why"], changes
        lines = await said(garage.log, garage.primary.buses.wires[1].start)
        assert [line for line in lines if "line lan 10.0.0.9:802: no connection: tls: %s: " % field in line], lines
        assert garage.platform.resets == []


async def test_with_usable_certificates_again_the_next_start_connects():
    garage = Secure(secured(material(root_pem=None)))
    garage.facts = secured(GOOD)
    garage.start().run(20000)
    assert "no valid answer" in garage.view("evse-3")["why"] and "tls:" not in garage.view("evse-3")["why"]
    assert "line lan 10.0.0.9:802: no connection: refused by 10.0.0.9" in await said(garage.log, garage.primary.buses.wires[1].start)


async def test_a_primary_that_its_parent_cannot_reach_stays_within_its_fallback_and_does_not_listen():
    for changes, field in BROKEN:
        tcp = {"host": "0.0.0.0", "tcp_port": 802, "tls": material(**changes)}
        garage = Secure(site(parent=dict(PARENT, tcp=tcp)))
        garage.port.car = "C"
        garage.run(30000)
        assert garage.amps_da()[0] == 0  # no grant, and a fallback of 0 A
        assert garage.primary.parent_link.view(0)["tcp"]["trouble"].startswith("tls: %s: " % field)
        lines = await said(garage.log, garage.primary.parent_link.start)
        assert [line for line in lines if "modbus tcp: not listening on 0.0.0.0:802: tls: %s: " % field in line], lines
        assert not [line for line in lines if "in use" in line]


async def test_a_secondary_whose_certificate_cannot_be_used_runs_at_its_fallback_and_does_not_listen():
    for changes, field in BROKEN:
        unit = Unit(fallback_da=60, power_on_da=60, tcp={"host": "0.0.0.0", "tcp_port": 802, "tls": material(**changes)})
        line, serving = open_bus(unit.secondary, TlsPlatform(None, 0, {}), unit.log)
        await serving()
        unit.port.car = "C"
        unit.run(20000)
        assert line is None and unit.port.amps_da[0] == 60
        assert unit.secondary.view(unit.now_ms)["tcp"]["trouble"].startswith("tls: %s: " % field)
        assert [each for each in unit.log.since(0) if each[2] == "error" and "not listening" in each[3]]


def refusal(judge, *arguments):
    try:
        judge(*arguments)
    except Rejected as e:
        return e.field
    return None


def test_a_sent_configuration_with_such_certificates_is_refused_with_the_field():
    platform = TlsPlatform(None, 0, {})
    for changes, field in BROKEN:
        assert refusal(refuse_tls, secured(material(**changes)), platform) == "buses[lan].tls." + field, changes
        tcp = {"host": "0.0.0.0", "tcp_port": 802, "tls": material(**changes)}
        assert refusal(refuse_tls, site(parent=dict(PARENT, tcp=tcp)), platform) == "parent.tcp.tls." + field
        assert refusal(check_sent(platform), config(tcp=tcp)) == field
    tcp = {"host": "0.0.0.0", "tcp_port": 802, "tls": GOOD}
    for facts in (secured(GOOD), site(parent=dict(PARENT, tcp=tcp))):
        assert refusal(refuse_tls, facts, platform) is None
        rehearse(make_primary, facts, platform)  # also one that a parent reaches with TLS
    assert refusal(check_sent(platform), config(tcp=tcp)) is None
