"""A bus over TCP has a line for each host: each is scanned by the name that the controller prints, and the others are named."""

from helper_garage import Garage

from ampacity.base import strict_json
from ampacity.console.console import Console


class Line:
    """A line of a bus, without anybody on it."""

    guest = None
    members = ()

    def __init__(self, name):
        self.name = name

    def lend(self, scan, now_ms):
        self.guest = scan

    def give_back(self):
        self.guest = None


def desk():
    garage = Garage()
    garage.run(1000)
    garage.primary.site["buses"].append({"name": "lan", "kind": "tcp", "host": None, "tcp_port": 502})
    lines = [Line("lan 10.0.0.%d:502" % n) for n in (1, 2, 3)]
    garage.primary.buses.wires.extend(lines)
    console = Console(garage.primary.console)
    return lines, lambda text: console.line(text, "installer", garage.now_us // 1000)


def test_a_name_with_a_space_is_accepted_with_and_without_quotes():
    for name in ("lan 10.0.0.2:502", '"lan 10.0.0.2:502"', "10.0.0.2:502", "bus=10.0.0.2:502"):
        for options in ("", " standing=yes units=1-3"):
            lines, say = desk()
            answer = say("scan " + name + options)
            assert not answer.startswith("error"), answer
            assert [line.guest is not None for line in lines] == [False, True, False]


def test_the_other_hosts_of_a_bus_are_named_at_once_and_in_the_result():
    lines, say = desk()
    answer = say("scan lan standing=yes")
    assert lines[0].guest and answer.endswith("not in this scan: lan 10.0.0.2:502, lan 10.0.0.3:502; scan each by its name")
    assert strict_json.loads(say("scan status --json"))["beside"] == ["lan 10.0.0.2:502", "lan 10.0.0.3:502"]
    say("scan stop")
    assert "not in this scan: lan 10.0.0.2:502" in say("scan status")
    assert "not in this scan" not in desk()[1]("scan rs485-1 standing=yes")


def test_an_unknown_name_is_refused_with_the_known_ones():
    _, say = desk()
    answer = say("scan lan 10.0.0.9:502 standing=yes")
    assert answer.startswith("error: there is no bus `lan 10.0.0.9:502`") and "lan 10.0.0.2:502" in answer
