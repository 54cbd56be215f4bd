"""The books that the soak keeps, of an hour without bytes; what it draws, and the optimum that it is held against."""

import json
from datetime import datetime

from tests.proof.soak import Run, Week, summary
from tests.proof.soak_garage import write_week
from tests.proof.soak_storm import Storm
from tools.bench.optimum import Stay, optimum_wh, possible_wh


def test_the_verdict_needs_no_more_than_what_was_written_down():
    played = Run(1, 1, faults=0, from_hour=17, no_bytes=True).play().played()
    result = summary([Week(1, 1, 17).judged(json.loads(json.dumps(played)))])  # as where another process has played
    assert result["violations"] == 0, result["runs"][0]
    assert not result["runs"][0]["problems"] and not result["runs"][0]["ended"], result["runs"][0]
    assert result["faults"] == 0 and result["sessions"] >= 5 and result["sessions_served"] >= 0.9
    assert result["runs"][0]["delivered_wh"] > 0


def test_the_days_of_a_seed_repeat(tmp_path):
    texts = []
    for at in range(2):
        folder = tmp_path / str(at)
        folder.mkdir()
        write_week(folder, 2, 7)
        texts.append((folder / "sessions.csv").read_text() + (folder / "mains.csv").read_text())
    assert texts[0] == texts[1] and datetime.fromisoformat(texts[0].splitlines()[1].split(",")[1])


def site(rating_da):
    evses = [{"name": "e%d" % at, "circuit": 0, "terminals": [[0], [1], [2]], "limit_da": 160} for at in range(2)]
    return {"voltage_v": 230, "evses": evses, "circuits": [{"parent": -1, "rating_da": [rating_da] * 3}]}


def test_the_optimum_gives_what_the_rating_carries_and_no_more():
    stays = [Stay(0, 0, 3600, 100_000, 3, 160), Stay(1, 0, 7200, 100_000, 3, 160)]
    full = 16 * 230 * 3
    assert sum(optimum_wh(site(160), stays, 0, lambda *_: [0.0] * 3)) == round(2 * full, 3)
    assert sum(optimum_wh(site(160), stays, 0, lambda *_: [80.0] * 3)) == round(full, 3)
    assert possible_wh(site(160), stays[0]) == full


def test_the_optimum_knows_phases_and_what_was_asked():
    stays = [Stay(0, 0, 3600, 1_000, 1, 160), Stay(1, 900, 1800, 100_000, 1, 320)]
    energy = optimum_wh(site(160), stays, 0, lambda *_: [0.0] * 3)
    assert round(energy[0]) == 1_000 and round(energy[1]) == 16 * 230 // 4


class Bench:
    """Enough of a bench for a storm that only draws."""

    lines = {"a": None}
    address_of = {}
    facts = {"evses": [{"name": "e", "kind": "ampacity", "bus": 0}], "meters": [{"name": "grid"}], "buses": [{"kind": "rtu"}]}

    class time:
        now_ms = 0
        at_ms = staticmethod(lambda *_: None)


def test_a_storm_draws_every_kind_that_the_site_has():
    kinds = {row[0] for row in Storm(Bench(), 1.0, 1)._kinds}
    assert {"power_cycle", "power_cut", "cut", "noise", "dead", "frozen", "hang", "forget_settings", "csms_down"} <= kinds
