"""What is done to a drawn site is done: each fact that must be remembered, and what a person says of a feeder."""

import random

import pytest

from tests.drawn.findings.scene import RTU, circuit, everybody_charges, evse, site, within
from tests.drawn.table import table
from tests.drawn.troubles import Troubles


class Loaded(random.Random):
    """Draws what was asked for wherever that is among the choices."""

    def __init__(self, *wanted):
        random.Random.__init__(self, 1)
        self.wanted = wanted

    def choice(self, values):
        wanted = [one for one in values if one in self.wanted]
        return wanted[0] if wanted else random.Random.choice(self, values)


@pytest.mark.parametrize("kind, more", [("ampacity", {"fallback_a": 6.0}), ("esp32-evse", {"power_on_a": 6.0})])
def test_a_feeder_is_opened_and_declared_and_its_current_is_lent_until_that_is_taken_back(kind, more):
    text = site(circuit("main", 28.0), RTU, evse("e1", "local", max_a=28.0), evse("e2", kind, bus="b", unit=2, max_a=16.0, **more))
    with table(text) as one:
        one.plug()
        everybody_charges(one, 200)
        most_a, troubles = [], Troubles(one, text, Loaded("isolate", "e2", 0, 12_000, 20_000), dict)
        one.listeners.append(lambda seen: most_a.append(max(seen.state["truth"]["evses"]["e1"]["amps"])))
        troubles._fact()
        words = "\n".join(troubles.log)
        assert "isolate e2 on ok" in words and "isolate e2 off ok" in words and "feeder of e2 closed" in words, words
        assert max(most_a) > 23, max(most_a)
        one.forget()
        everybody_charges(one, 300)
        within(one, "isolated for a while")
        assert not one.left(), one.left()
