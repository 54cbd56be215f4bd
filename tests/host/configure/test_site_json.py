"""docs/interfaces/site-json.md names what the compiler writes and what the firmware checks: no field more, none less, each of its kind."""

from pathlib import Path

import pytest

from ampacity.roles.configuration import field_types
from ampacity_host import profiles
from ampacity_host.configure import compile_site, load_site, secondary_config
from ampacity_host.configure.compiler.site_json_fields import PARTS, rows_of
from certificates import Authority
from tools.site_json_doc import OWN, document, limits_of

SITES = Path(__file__).parent / "sites"
GOOD = [*sorted((SITES / "good").glob("*.toml")), SITES / "hierarchy" / "garage.toml"]
TABLES = {place.strip("[]{}"): (rows_of(rows), own) for _, place, rows, own in PARTS}
OPTIONS = """
[site]
name = "all"
voltage = 230
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
[[meter]]
name = "lift"
profile = "eastron-sdm630"
bus = "lan"
unit = 10
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
off_shows = "least"
[[evse]]
name = "watts"
kind = "delta-ac-max"
bus = "lan"
unit = 1
host = "10.0.0.6"
circuit = "main"
max_a = 16
[[evse]]
name = "own"
kind = "local"
circuit = "main"
max_a = 16
[[safety_load]]
name = "lift"
meter = "lift"
[solar]
circuit = "main"
[settings]
wake_s = 600
start_delay_s = 60
"""

IN_NO_SITE = {
    ("circuits", "continuous_da"),  # older files have it
    ("ocpp", "config"),  # for a set-up that is no site file
}
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
additional_root_check = true
tls_min = "1.3"
iso15118 = true
publish_address = "192.168.1.10:8080"
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


def objects(facts):
    """(place on the page, object) for each object in a compiled site."""
    yield "", facts
    for place in ("circuits", "buses", "meters", "evses", "safety_loads"):
        yield from ((place, item) for item in facts.get(place, []))
    for place in ("solar", "ocpp", "time", "settings", "parent"):
        if facts.get(place) is not None:
            yield place, facts[place]
    secured = [bus for bus in facts["buses"] if "tls" in bus]
    if "tcp" in (facts.get("parent") or {}):
        yield "tcp", facts["parent"]["tcp"]
        secured += [facts["parent"]["tcp"]] if "tls" in facts["parent"]["tcp"] else []
    yield from (("tls", holder["tls"]) for holder in secured)
    yield from (("profiles", tables) for tables in facts["profiles"].values())


def secondaries(facts):
    """As `objects`, for the files of a site's secondaries."""
    for entry in facts["evses"]:
        if entry["kind"] == "ampacity" and not entry.get("primary"):
            config = secondary_config(facts, entry["name"])
            yield "secondary", config
            if "tcp" in config:
                yield "tcp", config["tcp"]


def all_strangers(facts):
    return [each for place, item in objects(facts) for each in strangers(place, item)]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_what_a_site_compiles_to_is_on_the_page(path):
    facts = compile_site(load_site(path))
    assert not all_strangers(facts)
    assert not [each for place, item in secondaries(facts) for each in strangers(place, item)]


def test_optional_fields_are_on_the_page(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(OPTIONS)
    facts = compile_site(load_site(path))
    assert not all_strangers(facts)


def secure_site(folder):
    ca = Authority()
    (folder / "root.pem").write_text(ca.root)
    ca.issue("p", role="Primary").files(folder, "primary")
    ca.issue(name="one.example", addresses=("10.0.0.1",)).files(folder, "one")
    (folder / "site.toml").write_text(SECURE)
    return compile_site(load_site(folder / "site.toml"))


def test_fields_of_sites_with_certificates_are_on_the_page(tmp_path):
    facts = secure_site(tmp_path)
    assert facts["buses"][0]["tls"] and facts["parent"]["tcp"]["tls"] and facts["ocpp"]["key_pem"]
    assert not all_strangers(facts)


def test_each_field_that_may_be_left_out_is_in_a_site_of_these_tests(tmp_path):
    """A field in none of them would be on the page as whatever kind its row says: add it to OPTIONS."""
    (tmp_path / "all.toml").write_text(OPTIONS)
    sites = [secure_site(tmp_path), compile_site(load_site(tmp_path / "all.toml")), *(compile_site(load_site(path)) for path in GOOD)]
    seen = {(place, name) for facts in sites for place, item in [*objects(facts), *secondaries(facts)] for name in item}
    optional = {(place, name) for place, (rows, _) in TABLES.items() if place != "profiles" for name, may_lack, *_ in rows if may_lack}
    assert optional - seen == IN_NO_SITE


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
