"""What a site file says of lines, circuits below and names reaches the check and the devices."""

import json
import subprocess
import sys

import pytest

from ampacity_host import profiles
from ampacity_host.configure import SiteErrors, check_report, compile_site, load_site, secondary_config

SUPPLY = '[site]\nname = "%s"\nvoltage = 230\n'
BUS = '[[bus]]\nname = "rs485-1"\nkind = "rtu"\nport = "virtual"\nbaud = 19200\n'
METER = '[[meter]]\nname = "grid"\nprofile = "eastron-sdm630"\nbus = "rs485-1"\nunit = 100\nphases = [%s]\n'
EVSE = '[[evse]]\nname = "%s"\nkind = "ampacity"\nbus = "rs485-1"\nunit = %d\ncircuit = "%s"\nmax_a = 20\n%s'
ALL, TWO = '"L1", "L2", "L3"', '"L2", "L3"'


def loaded(tmp_path, *parts, name="site"):
    path = tmp_path / "site.toml"
    path.write_text("\n".join([SUPPLY % name, BUS, *parts]))
    return load_site(path)


def mistakes(tmp_path, *parts):
    with pytest.raises(SiteErrors) as refused:
        loaded(tmp_path, *parts)
    return str(refused.value)


@pytest.mark.parametrize("lines, refused", [(ALL, False), (TWO, True)])
def test_a_contract_and_a_surplus_need_a_meter_of_all_lines(tmp_path, lines, refused):
    contract = '[[circuit]]\nname = "main"\nrating_a = 63\nassumed_other_a = 10\nmeter = "grid"\ncontract_kw = 11\n'
    surplus = '[[circuit]]\nname = "main"\nrating_a = 63\nassumed_other_a = 10\nmeter = "grid"\ngeneration_a = 10\n', '[solar]\ncircuit = "main"\n'
    for parts, field in (((contract,), "contract_kw"), (surplus, "circuit")):
        parts = (*parts, METER % lines, EVSE % ("bay-1", 1, "main", ""))
        if refused:
            text = mistakes(tmp_path, *parts)
            assert field in text and '"grid" does not measure all lines' in text
        else:
            assert loaded(tmp_path, *parts).circuits[0]["meter"] == "grid"


def test_other_load_that_is_declared_below_may_flow_through_the_breaker_above(tmp_path):
    root = '[[circuit]]\nname = "main"\nrating_a = 40\nmeter = "grid"\n%s'
    part = '[[circuit]]\nname = "part"\nparent = "main"\nrating_a = 40\nassumed_other_a = 38\n'
    evses = EVSE % ("bay-1", 1, "main", "watchdog_s = 60\n"), EVSE % ("bay-2", 2, "main", "")
    trips = []
    for said in ("", "assumed_other_a = 38\n"):
        report = check_report(loaded(tmp_path, root % said, part, METER % ALL, *evses))
        trips.append([found["text"] for found in report["findings"] if found["code"] == "breaker-trips" and found["where"] == "main"])
    assert trips[0] == trips[1] and trips[0] and trips[0][0].startswith("78 A may flow")


def test_secondaries_have_serial_numbers_of_their_own_however_long_the_name_of_the_site_is(tmp_path):
    site = loaded(tmp_path, '[[circuit]]\nname = "main"\nrating_a = 63\n', EVSE % ("bay-1", 1, "main", ""), EVSE % ("bay-2", 2, "main", ""),
                  name="parkhaus-hauptbahnhof-ebene-2")  # fmt: skip
    serials = [secondary_config(compile_site(site), name)["serial"] for name in ("bay-1", "bay-2")]
    assert [serial.endswith(name) for serial, name in zip(serials, ("-bay-1", "-bay-2"), strict=True)] == [True, True]
    assert [len(serial) for serial in serials] == [32, 32]


def test_a_feeder_of_a_new_site_has_the_continuous_factor_of_the_supply(tmp_path):
    words = "--system split --mains 200 --other 60 --feeder 100 --continuous 0.8 --bus rtu:/dev/ttyUSB0 --yes "
    words += "--evse ampacity,count=2,max=32,phases=L1-L2"
    made = subprocess.run([sys.executable, "-m", "ampacity_host", "new", str(tmp_path / "na.toml"), *words.split()], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert [float(circuit["continuous"]) for circuit in load_site(tmp_path / "na.toml").circuits] == [0.8, 0.8]


def test_a_site_of_inline_tables_is_refused_with_its_findings_and_no_proposal(tmp_path):
    path = tmp_path / "site.toml"
    row = '{name = "bay-%d", kind = "ampacity", bus = "rs485-1", unit = %d, circuit = "main", max_a = 20, fallback_a = 20}'
    evses = ", ".join(row % (n, n) for n in (1, 2))
    path.write_text(f"evse = [{evses}]\n{SUPPLY % 'site'}{BUS}[[circuit]]\nname = \"main\"\nrating_a = 24\n")
    done = subprocess.run([sys.executable, "-m", "ampacity_host", "check", str(path), "--json"], capture_output=True, text=True)
    report = json.loads(done.stdout)
    assert done.returncode == 1 and not report["ok"] and "Traceback" not in done.stderr
    assert report["fixes"]["changes"] == [] and report["fixes"]["left"]


def test_without_a_breaker_each_line_is_judged_by_its_own_rating(tmp_path):
    evses = EVSE % ("bay-1", 1, "main", 'phases = ["L1"]\nwatchdog_s = 60\n'), EVSE % ("bay-2", 2, "main", "")
    trips = []
    for rating in ("20", "[20, 63, 63]"):
        site = loaded(tmp_path, f'[[circuit]]\nname = "main"\nrating_a = {rating}\nmeter = "grid"\nassumed_other_a = 38\n', METER % ALL, *evses)
        trips.append([found["text"] for found in check_report(site)["findings"] if found["code"] == "breaker-trips"])
    assert trips[0] and trips[0][:1] == trips[1][:1] and "B20 may open after" in trips[0][0]


@pytest.mark.parametrize("profile, words", [("eastron-sdm230", "does not measure all lines"), ("sunspec-ac-124", "shows no current per phase")])
def test_a_meter_of_one_line_or_of_none_is_no_meter_of_a_contract_or_a_surplus(tmp_path, profile, words):
    if profile.startswith("sunspec"):
        profile = next(name for name in profiles.names("meter") if profiles.meter_facts(profiles.load("meter-" + name), {})["inputs"] == 0)
    meter = f'[[meter]]\nname = "grid"\nprofile = "{profile}"\nbus = "rs485-1"\nunit = 100\n'
    if words.startswith("shows"):
        meter = meter.replace('bus = "rs485-1"', 'bus = "lan"\nhost = "192.0.2.7"') + '[[bus]]\nname = "lan"\nkind = "tcp"\n'
    contract = '[[circuit]]\nname = "main"\nrating_a = 63\nassumed_other_a = 10\nmeter = "grid"\ncontract_kw = 11\n'
    solar = contract.replace("contract_kw = 11", "generation_a = 10") + '[solar]\ncircuit = "main"\n'
    for circuit, field in ((contract, "contract_kw"), (solar, "circuit")):
        text = mistakes(tmp_path, circuit, meter, EVSE % ("bay-1", 1, "main", ""))
        assert field in text and f'"grid" {words}' in text


def test_a_number_with_a_point_is_the_whole_number_that_it_is(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(SUPPLY % "s" + BUS.replace("19200", "9600.0") + '[[circuit]]\nname = "main"\nrating_a = 63\n' + EVSE % ("bay-1", 1, "main", ""))
    facts = compile_site(load_site(path))
    assert json.loads(json.dumps(facts))["buses"][0]["baud"] == 9600 and type(facts["buses"][0]["baud"]) is int


def test_a_rating_on_several_lines_is_judged_and_no_line_of_it_is_replaced(tmp_path):
    for rating, proposal in (("[\n  20,\n  63,\n  63,\n]", ""), ("[20, 63, 63]", "rating_a = [21.0, 63.0, 63.0]")):
        circuit = f'[[circuit]]\nname = "main"\nrating_a = {rating}\nassumed_other_a = [21, 10, 10]\n'
        report = check_report(loaded(tmp_path, circuit, EVSE % ("bay-1", 1, "main", "")))
        lines = [line["toml"] for change in report["fixes"]["changes"] for line in change["lines"]]
        assert not report["ok"] and (lines == [proposal] if proposal else "rating_a" not in "".join(lines))
        assert report["findings"][0]["missing_da"] == 10


def test_circuits_in_a_ring_and_a_meter_without_a_profile_are_named(tmp_path):
    ring = '[[circuit]]\nname = "a"\nparent = "b"\nrating_a = 32\n[[circuit]]\nname = "b"\nparent = "a"\nrating_a = 32\n'
    assert "leads back to the circuit itself" in mistakes(tmp_path, ring, EVSE % ("bay-1", 1, "a", ""))
    own = '[[circuit]]\nname = "a"\nparent = "a"\nrating_a = 32\n'
    assert "parent" in mistakes(tmp_path, own, EVSE % ("bay-1", 1, "a", ""))
    meter = '[[meter]]\nname = "grid"\nbus = "rs485-1"\nunit = 100\n'
    circuit = '[[circuit]]\nname = "a"\nrating_a = 32\nmeter = "grid"\n'
    assert "profile: is missing" in mistakes(tmp_path, circuit, meter, EVSE % ("bay-1", 1, "a", ""))
