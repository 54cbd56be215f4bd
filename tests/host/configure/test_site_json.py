"""docs/interfaces/site-json.md names what the compiler writes and what the firmware checks: no field more, none less, each of its kind."""

from pathlib import Path

import pytest

from ampacity.roles.configuration import field_types
from ampacity_host import profiles
from ampacity_host.configure import compile_site, load_site, secondary_config
from ampacity_host.configure.compiler.site_json_fields import PARTS, rows_of
from certificates import Authority
from tools.site_json_doc import OWN, document, limits_of

GOOD = Path(__file__).parent / "sites" / "good"
TABLES = {place.strip("[]{}"): (rows_of(rows), own) for _, place, rows, own in PARTS}
OPTIONS = """
[site]
name = "all"
require_tested = true
alarm_output = "gpio:4"
[[circuit]]
name = "main"
rating_a = 63
meter = "grid"
generation_a = 20
max_unbalance_a = 20
max_neutral_a = 20
contract_kw = 30
[[bus]]
name = "line"
kind = "ascii"
port = "socket://10.0.0.9:4001"
[[bus]]
name = "lan"
kind = "tcp"
gateway = true
[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "lan"
unit = 9
host = "10.0.0.7"
[[evse]]
name = "one"
kind = "keba-p30"
bus = "lan"
unit = 255
host = "10.0.0.8"
circuit = "main"
max_a = 16
phase_switch = true
feeder_output = "gpio:5"
[[evse]]
name = "own"
kind = "local"
circuit = "main"
max_a = 16
[[safety_load]]
name = "lift"
meter = "grid"
[solar]
circuit = "main"
[settings]
wake_s = 600
start_delay_s = 60
"""

FILES = """
root_pem = "root.pem"
certificate_pem = "primary.pem"
key_pem = "primary.key.pem"
"""
SECURE = f"""
[site]
name = "secure"
[[circuit]]
name = "main"
rating_a = 63
[[bus]]
name = "lan"
kind = "tcp"
tls = true
roles = {{ Operator = "read" }}
{FILES}
[[evse]]
name = "one"
kind = "ampacity"
bus = "lan"
host = "10.0.0.1"
unit = 1
circuit = "main"
max_a = 16
certificate_pem = "one.pem"
key_pem = "one.key.pem"
[parent]
unit = 3
tcp_port = 802
tls = true
roles = {{ Operator = "read" }}
{FILES}
[ocpp]
identity = "S"
url = "wss://csms.example"
security_profile = 3
{FILES}
"""


def strangers(place, facts):
    """Of one object: fields that the page lacks or calls of another kind, and those that it promises and that are not there."""
    rows, own = TABLES[place]
    kinds = {name: kind for name, _, kind, *_ in rows}
    found = [f"{place} {name}: not on the page" for name in facts if name not in kinds]
    found += [f"{place} {name}: missing" for name, optional, *_ in rows if not optional and name not in facts]
    for name in sorted(set(facts) & set(kinds)):
        own_rows = OWN.get(own, "").split(" ")
        kind = kinds[name] or field_types.kind_of(name, own_rows) or field_types.kind_of(name, field_types.FIELDS)
        value = facts[name]
        fits = isinstance(value, list) if kind == "list" else field_types.is_kind(value, kind[0]) or (kind[1:] and value is None)
        if not fits:
            found.append(f"{place} {name}: {value!r} is not {kind}")
    return found


def all_strangers(facts):
    found = strangers("", facts)
    for place in ("circuits", "buses", "meters", "evses", "safety_loads"):
        found += [each for item in facts.get(place, []) for each in strangers(place, item)]
    for place in ("solar", "ocpp", "time", "settings", "parent"):
        found += strangers(place, facts[place]) if facts.get(place) is not None else []
    secured = [bus for bus in facts["buses"] if "tls" in bus]
    if "tcp" in (facts.get("parent") or {}):
        found += strangers("tcp", facts["parent"]["tcp"])
        secured += [facts["parent"]["tcp"]] if "tls" in facts["parent"]["tcp"] else []
    found += [each for holder in secured for each in strangers("tls", holder["tls"])]
    return found + [each for tables in facts["profiles"].values() for each in strangers("profiles", tables)]


@pytest.mark.parametrize("path", sorted(GOOD.glob("*.toml")), ids=lambda path: path.stem)
def test_every_field_of_a_compiled_site_is_on_the_page(path):
    facts = compile_site(load_site(path))
    assert not all_strangers(facts)
    for entry in facts["evses"]:
        if entry["kind"] == "ampacity" and not entry.get("primary"):
            config = secondary_config(facts, entry["name"])
            assert not strangers("secondary", config) + (strangers("tcp", config["tcp"]) if "tcp" in config else [])


def test_optional_fields_are_on_the_page(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(OPTIONS)
    facts = compile_site(load_site(path))
    assert not all_strangers(facts)
    shown = set(facts) | {name for part in ("circuits", "buses", "evses") for item in facts[part] for name in item} | set(facts["settings"])
    assert shown >= {"alarm_output", "safety_loads", "solar", "contract_w", "framing", "over_tcp", "held", "phase_switch", "feeder_output", "wake_ms"}


def test_fields_of_sites_with_certificates_are_on_the_page(tmp_path):
    ca = Authority()
    (tmp_path / "root.pem").write_text(ca.root)
    ca.issue("p", role="Primary").files(tmp_path, "primary")
    ca.issue(name="one.example", addresses=("10.0.0.1",)).files(tmp_path, "one")
    (tmp_path / "site.toml").write_text(SECURE)
    facts = compile_site(load_site(tmp_path / "site.toml"))
    assert facts["buses"][0]["tls"] and facts["parent"]["tcp"]["tls"] and facts["ocpp"]["key_pem"]
    assert not all_strangers(facts)


def test_every_profile_compiles_to_fields_on_the_page():
    compiled = [profiles.compile_profile(profiles.load(f"{kind}-{name}")) for kind in ("evse", "meter") for name in profiles.names(kind)]
    assert len(compiled) > 60
    assert not [each for tables in compiled for each in strangers("profiles", tables)]


def test_every_field_that_the_firmware_checks_is_on_the_page():
    known = {name for rows, _ in TABLES.values() for name, *_ in rows}
    assert not set(field_types.FIELDS[::2]) - known
    for part, own in field_types.PARTS:
        assert not set(own.split(" ")[::2]) - {""} - {name for name, *_ in TABLES[part][0]}
    assert not set(field_types.TOP.split(" ")[::2]) - {name for name, *_ in TABLES[""][0]}


def test_a_field_that_is_new_missing_or_of_another_kind_is_found():
    time = {"tz": "UTC0", "ntp": None}
    assert not strangers("time", time)
    assert strangers("time", time | {"leap_s": 27}) == ["time leap_s: not on the page"]
    assert strangers("time", {"tz": "UTC0"}) == ["time ntp: missing"]
    assert strangers("time", time | {"ntp": 1}) == ["time ntp: 1 is not s?"]


def test_ranges_are_those_of_the_site_file_in_the_units_of_the_compiled_site():
    assert limits_of("@circuit.max_unbalance_a", "da") == "60 to 63000"
    assert limits_of("@evse.limit_a", "da") == "0 or 60 to 5000"
    assert limits_of("@meter.meter_timeout_s", "ms") == "500 to 60000"
    assert limits_of("@bus.parity", "") == "`N`, `E`, `O`"
    assert "| `lease_ms` | a whole number | ms | 1000 to 3600000 | how long a grant lasts |" in document()
