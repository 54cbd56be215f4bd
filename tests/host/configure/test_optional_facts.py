"""What most sites do not have: outputs, safety loads. Left out it leaves no trace in the facts; written it is there."""

from pathlib import Path

from ampacity.circuit.trusted.site.check import check_site
from ampacity_host.configure import compile_site, load_site

GARAGE = (Path(__file__).parent / "sites" / "good" / "garage.toml").read_text()


def compiled(tmp_path, text="", *edits):
    site = GARAGE
    for old, new in edits:
        assert old in site
        site = site.replace(old, new, 1)
    path = tmp_path / "site.toml"
    path.write_text(site + text)
    facts = compile_site(load_site(path))
    assert [one for one in check_site(facts) if one["level"] == "error"] == []
    return facts


def test_outputs_are_passed_on_by_name(tmp_path):
    facts = compiled(tmp_path, "", ('name = "garage"', 'name = "garage"\nalarm_output = "gpio:9"'),
                     ('kind = "local"', 'kind = "local"\nfeeder_output = "gpio:17"'))
    assert facts["alarm_output"] == "gpio:9"
    assert facts["evses"][0]["feeder_output"] == "gpio:17"


def test_a_safety_load_names_its_evses_by_index(tmp_path):
    text = '\n[[safety_load]]\nname = "pump"\ninput = "gpio:4"\nevses = ["evse-2"]\nsafety_hold_s = 120\n'
    text += '[[safety_load]]\nname = "lift"\nmeter = "lift"\nthreshold_a = 2.5\n'
    text += '[[meter]]\nname = "lift"\nprofile = "eastron-sdm630"\nbus = "rs485-1"\nunit = 101\n'
    pump, lift = compiled(tmp_path, text)["safety_loads"]
    assert pump == {"name": "pump", "meter": -1, "input": "gpio:4", "evses": [1], "threshold_da": 10, "hold_ms": 120_000, "timeout_ms": 5000}
    assert (lift["meter"], lift["threshold_da"], lift["input"]) == (1, 25, None)
    assert lift["evses"] == list(range(len(compiled(tmp_path)["evses"])))


def test_sharing_limits_are_compiled_with_their_circuit_and_settings(tmp_path):
    facts = compiled(tmp_path, "\n[settings]\nwake_s = 600\nstart_delay_s = 300\n",
                     ('meter = "grid"', 'meter = "grid"\nmax_unbalance_a = 20.0\nmax_neutral_a = 25.0\ncontract_kw = 27.5'))
    main, row = facts["circuits"]
    assert (main["max_unbalance_da"], main["max_neutral_da"], main["contract_w"]) == (200, 250, 27_500)
    assert "contract_w" not in row
    assert (facts["settings"]["wake_ms"], facts["settings"]["start_delay_s"]) == (600_000, 300)


def test_surplus_charging_names_its_circuit_and_evses_by_index(tmp_path):
    facts = compiled(tmp_path, '\n[solar]\ncircuit = "main"\nevses = ["evse-2"]\nmargin_w = 200\nmin_run_s = 300\n',
                     ('meter = "grid"', 'meter = "grid"\ngeneration_a = 16'))
    assert facts["solar"] == {"circuit": 0, "evses": [1], "margin_w": 200, "run_ms": 300_000}
