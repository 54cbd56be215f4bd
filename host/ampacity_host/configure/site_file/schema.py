"""The site file's tables: each field once, with its reader, its default, and so its allowed range.

A default of REQUIRED must be written; None means "worked out when the site is compiled".
"""

from dataclasses import dataclass
from decimal import ROUND_FLOOR
from typing import Any

from ampacity.base.host_name import HOST_WORDS, is_host
from ampacity_host.configure.site_file.ocpp_versions import SPOKEN
from ampacity_host.configure.site_file.value_readers import (
    Reader,
    amps_down,
    amps_up,
    checked,
    flag,
    fraction,
    listening,
    names,
    one_of,
    per_phase,
    posix_zone,
    rights,
    scaled,
    seconds,
    terminals,
    text,
    whole,
)

REQUIRED = object()
NAME = text(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", "1 to 32 of A-Z a-z 0-9 . _ -, beginning with a letter or digit")
PROFILE = text(r"[a-z0-9][a-z0-9-]{1,63}", "the name of a profile, such as heidelberg-energy-control")
OUTPUT = text(r"gpio:\d{1,3}|relay-[a-z0-9-]{1,16}", '"gpio:N"; on the bench a name such as relay-1')
HOST = checked(is_host, HOST_WORDS)
CONNECTORS = ("cType1", "cType2", "sType2", "sType3", "cTesla", "s309-1P-16A", "s309-1P-32A", "s309-3P-16A", "s309-3P-32A")


@dataclass(frozen=True)
class Field:
    """One key of a table."""

    read: Reader
    default: Any = REQUIRED
    unless: str | None = None  # need not be written where this field is


TCP_PORT = whole(1, 65535)
PEM = text(r"[^\x00-\x1f]+", "a PEM file in the folder of the site file, or an absolute path")

SITE = {
    "name": Field(NAME),
    "voltage": Field(whole(100, 480), None),
    "phases": Field(whole(1, 3), None),
    "system": Field(one_of("wye", "split", "delta-it"), "wye"),
    "require_tested": Field(flag, False),
    "alarm_output": Field(OUTPUT, None),
}
CIRCUIT = {
    "name": Field(NAME),
    "parent": Field(NAME, None),
    "rating_a": Field(per_phase(amps_down("1", "6300"))),
    "continuous": Field(fraction("0.1", "1"), 1),
    "breaker": Field(text(r"[BCD][1-9]\d{0,3}", "curve and rated current, such as B16, C63 or D125"), None),
    "assumed_other_a": Field(per_phase(amps_up("0", "6300")), 0),
    "meter": Field(NAME, None),
    "generation_a": Field(per_phase(amps_up("0", "6300")), 0),
    "unused_phases": Field(one_of("free", "count"), None),
    "max_unbalance_a": Field(amps_down("6", "6300"), None),
    "max_neutral_a": Field(amps_down("6", "6300"), None),
    "contract_kw": Field(scaled("1", "10000", "kW", 1000, ROUND_FLOOR), None),
}
NETWORK = {  # of a bus, and of a primary's line to its parent
    "host": Field(HOST, None),
    "tcp_port": Field(TCP_PORT, None),
    "tls": Field(flag, False),
    "root_pem": Field(PEM, None),
    "certificate_pem": Field(PEM, None),
    "key_pem": Field(PEM, None),
    "roles": Field(rights, None),
}
BUS = {
    "name": Field(NAME),
    "kind": Field(one_of("rtu", "ascii", "tcp")),
    "port": Field(text(r"virtual|uart:\d|/[A-Za-z0-9/._:@+-]+|socket://(localhost|[0-9.]+):\d{1,5}",
                       '"virtual", "uart:N", a device such as /dev/ttyAMA0, or "socket://HOST:PORT" with a numeric address'), None),
    "baud": Field(one_of(1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200), 19200),
    "parity": Field(one_of("N", "E", "O"), "E"),
    "stop": Field(one_of(1, 2), 1),
    **NETWORK,
    "gateway": Field(flag, False),
    "private": Field(flag, False),
    "transit_s": Field(seconds("0.1", "600"), None),
}
METER = {
    "name": Field(NAME),
    "profile": Field(PROFILE),
    "bus": Field(NAME),
    "unit": Field(whole(0, 255)),
    "phases": Field(terminals, None),
    "host": Field(HOST, None),
    "tcp_port": Field(TCP_PORT, None),
    "meter_timeout_s": Field(seconds("0.5", "60"), 5000),
    "meter_frozen_s": Field(seconds("0.5", "600"), 5000),
}
EVSE = {
    "name": Field(NAME),
    "kind": Field(PROFILE),
    "bus": Field(NAME, None),
    "unit": Field(whole(0, 255), None),
    "host": Field(HOST, None),
    "tcp_port": Field(TCP_PORT, None),
    "circuit": Field(NAME),
    "max_a": Field(amps_up("6", "500"), unless="site"),
    "limit_a": Field(amps_down("6", "500", zero=True), None),
    "min_a": Field(amps_up("6", "32"), 60),
    "phases": Field(terminals, None),
    "feeder_a": Field(amps_down("6", "6300"), None),
    "feeder_output": Field(OUTPUT, None),
    "fallback_a": Field(amps_up("6", "500", zero=True), 0),
    "watchdog_s": Field(seconds("0.5", "3600", zero=True), 10000),
    "power_on_a": Field(amps_up("0", "500"), None),
    "boot_s": Field(seconds("0.1", "60"), None),
    "phase_switch": Field(flag, False),
    "off_shows": Field(one_of("least", "max", "last"), None),
    "priority": Field(whole(0, 9), 1),
    "weight": Field(whole(1, 100), 1),
    "connector": Field(one_of(*CONNECTORS), "cType2"),
    "certificate_pem": Field(PEM, None),
    "key_pem": Field(PEM, None),
    "site": Field(text(r".+\.toml", "the site file of the primary below"), None),
    "after_lease_s": Field(seconds("0", "6000"), None),
    "settle_s": Field(seconds("5", "600"), 5000),
}
PARENT = {
    "bus": Field(NAME, "parent"),
    "port": Field(BUS["port"].read, None),
    **NETWORK,
    "baud": BUS["baud"],
    "parity": BUS["parity"],
    "stop": BUS["stop"],
    "unit": Field(whole(1, 247)),
    "lease_s": Field(seconds("1", "3600"), 10000),
    "max_a": Field(amps_up("6", "6300"), None),
    "fallback_a": Field(amps_up("0", "6300"), None),
}
SAFETY_LOAD = {
    "name": Field(NAME),
    "meter": Field(NAME, None),
    "input": Field(OUTPUT, None),
    "evses": Field(names, None),
    "threshold_a": Field(amps_down("0.3", "6300"), 10),
    "safety_hold_s": Field(seconds("0", "86400"), 60000),
    "timeout_s": Field(seconds("0.5", "60"), 5000),
}
OCPP = {
    "version": Field(text(r"[^\x00-\x1f\x7f]{1,16}", " or ".join(f'"{version}"' for version in SPOKEN)), SPOKEN[-1]),
    "identity": Field(text(r"[A-Za-z0-9*_.=:+|@-]{1,48}", "1 to 48 of A-Z a-z 0-9 * _ . = : + | @ -")),
    "url": Field(text(r"wss?://[^\s/?#]+[^\s?#]*", "ws://HOST[:PORT][/PATH] or wss://…")),
    "security_profile": Field(whole(0, 3), 1),
    "password": Field(text(r"[^\x00-\x1f\x7f]{1,64}", "1 to 64 characters, none of them a control character"), None),
    "storage_kib": Field(whole(16, 4096), 128),
    "root_pem": Field(PEM, None),
    "certificate_pem": Field(PEM, None),
    "key_pem": Field(PEM, None),
    "additional_root_check": Field(flag, False),
    "tls_min": Field(text(r"1\.[23]", '"1.2" or "1.3"'), "1.2"),
    "iso15118": Field(flag, False),
    "publish_address": Field(listening, None),
    "publish_kib": Field(whole(64, 65536), 4096),
}
SOLAR = {
    "circuit": Field(NAME),
    "evses": Field(names, None),
    "margin_w": Field(whole(0, 100000), 0),
    "min_run_s": Field(seconds("0", "86400"), 600000),
}
TIME = {
    "tz": Field(posix_zone, "UTC0"),
    "ntp": Field(HOST, None),
}
SETTINGS = {
    "slot_s": Field(whole(60, 86400), 900),
    "deadband_a": Field(amps_up("0", "6"), 5),
    "raise_hold_s": Field(seconds("0", "600"), 10000),
    "restart_hold_s": Field(seconds("0", "3600"), 60000),
    "wake_s": Field(seconds("60", "86400"), 900000),
    "start_delay_s": Field(whole(0, 1800), 0),
    "idle_s": Field(seconds("30", "86400"), 300000),
}

SINGLE = {"site": SITE, "ocpp": OCPP, "time": TIME, "settings": SETTINGS, "solar": SOLAR, "parent": PARENT}
LISTS = {"circuit": CIRCUIT, "bus": BUS, "meter": METER, "evse": EVSE, "safety_load": SAFETY_LOAD}
FREE = ("plant",)
