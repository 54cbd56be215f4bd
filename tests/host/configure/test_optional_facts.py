"""What most sites do not have: outputs, safety loads. Left out it leaves no trace in the facts; written it is there."""

from pathlib import Path

from ampacity.circuit.check import check_site
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


def test_outputs_are_handed_on_by_name(tmp_path):
    facts = compiled(tmp_path, "", ('name = "garage"', 'name = "garage"\nalarm_output = "gpio:9"'),
                     ('kind = "local"', 'kind = "local"\nfeeder_output = "gpio:17"'))
    assert facts["alarm_output"] == "gpio:9"
    assert facts["evses"][0]["feeder_output"] == "gpio:17"


def test_a_safety_load_names_its_evses_by_index(tmp_path):
    text = '\n[[safety_load]]\nname = "pump"\ninput = "gpio:4"\nevses = ["evse-2"]\nsafety_hold_s = 120\n'
    text += '[[safety_load]]\nname = "lift"\nmeter = "grid"\nthreshold_a = 2.5\n'
    pump, lift = compiled(tmp_path, text)["safety_loads"]
    assert pump == {"name": "pump", "meter": -1, "input": "gpio:4", "evses": [1], "threshold_da": 10, "hold_ms": 120_000, "timeout_ms": 5000}
    assert (lift["meter"], lift["threshold_da"], lift["input"]) == (0, 25, None)
    assert lift["evses"] == list(range(len(compiled(tmp_path)["evses"])))
