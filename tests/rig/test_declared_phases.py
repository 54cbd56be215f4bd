"""A device on three lines that the site file declares on one: what flows on the two others is in no sum."""

import pytest
from site_changes import Yard, evse, site_text

CIRCUIT = '[[circuit]]\nname = "main"\nrating_a = 20.0\nassumed_other_a = 0.0\n'


def three(kind, **more):
    return [evse(f"evse-{n}", n, kind, **{key: value % n for key, value in more.items()}) for n in (1, 2, 3)]


@pytest.mark.parametrize("kind", ["ampacity", "heidelberg-energy-control"])
def test_an_evse_that_shows_current_on_lines_that_are_not_declared_is_stopped_and_says_so(kind):
    yard = Yard(site_text(three(kind), CIRCUIT))
    text = site_text(three(kind, phases="L%d"), CIRCUIT)
    for n in (1, 2, 3):
        text = text.replace(f'phases = "L{n}"', f'phases = ["L{n}"]')
    yard.restart(text)
    yard.run(20)
    for n in (1, 2, 3):
        yard.do("plug", evse=f"evse-{n}")
    yard.run(60)
    assert yard.most_a > 32.0, "each of them charges on all lines at first"
    yard.restart(text)
    yard.run(30 * 60)
    assert yard.most_a < 0.5, "locked out until a person has looked, also after a restart"
    yard.console("unlock evse-1 --yes")
    yard.run(60)
    assert sum(yard.amps().values()) < 20.5 and "do not name" in yard.console("log")
    assert "`phases`" in yard.primary["evses"]["evse-1"]["why"]
