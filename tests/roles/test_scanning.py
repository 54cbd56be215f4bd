"""A scan from the controller's own console: the bus stands, nobody is overloaded, and it returns by itself."""

from helper_garage import Garage

from ampacity.base import strict_json
from ampacity.console.console import Console


class Desk:
    """A garage in service with two cars, and an installer at its console."""

    def __init__(self):
        self.garage = Garage().run(9000)
        self.garage.port.car = self.garage.unit.port.car = "C"
        self.garage.run(20000)
        self.console = Console(self.garage.primary.console)

    def line(self, text, role="installer"):
        return self.console.line(text, role, self.garage.now_us // 1000)

    def status(self):
        return strict_json.loads(self.line("scan status --json"))

    def run_until_over(self, seconds):
        for _ in range(seconds):
            if self.status()["stage"] == "over":
                return True
            self.garage.run(1000)
        return False

    def guest(self):
        return self.garage.primary.buses.wires[0].guest


def test_a_scan_waits_for_the_watchdogs_polls_and_releases_the_bus():
    desk = Desk()
    assert desk.line("scan rs485-1 units=1-3 baud=19200E1").startswith("scan: silent for 17 s more")
    desk.garage.run(14000)
    assert desk.status()["stage"] == "wait" and not desk.garage.primary.guard.online(1)
    assert "its bus is stopped for a scan" in desk.line("why evse-2")
    assert desk.run_until_over(40)
    document = desk.status()
    assert [(row["unit"], row["device"], row["setting"]) for row in document["found"]] == [(2, "ampacity", "19200E1")]
    assert document["found"][0]["names"]["vendor"] == "Ampacity" and document["verdict"] == ""
    desk.garage.run(500)
    assert desk.guest() is None
    desk.garage.run(60000)
    assert min(desk.garage.amps_da()) >= 95 and max(desk.garage.most_da) <= 200


def test_during_a_scan_other_buses_charge_and_the_scanned_one_falls_back():
    desk = Desk()
    desk.line("scan bus=0 units=1-3 baud=19200E1 standing=yes")
    assert desk.status()["stage"] == "listen"
    desk.garage.run(1000)
    desk.line("scan stop")
    desk.line("scan bus=0 standing=yes full=yes")
    desk.garage.run(30000)
    assert desk.garage.amps_da()[1] == 0 and desk.garage.amps_da()[0] >= 158
    assert desk.garage.primary.guard.mode == "degraded" and max(desk.garage.most_da) <= 200


def test_a_closed_console_releases_the_bus():
    desk = Desk()
    desk.line("scan rs485-1 standing=yes")
    desk.garage.run(2000)
    assert desk.guest() is not None
    desk.console.open = False
    desk.garage.run(500)
    assert desk.guest() is None and "closed" in desk.status()["verdict"]


def test_the_time_limit_of_a_scan_releases_the_bus():
    desk = Desk()
    desk.line("scan rs485-1 standing=yes full=yes limit=20")
    desk.garage.run(19000)
    assert desk.guest() is not None
    desk.garage.run(2000)
    assert desk.guest() is None and "time limit" in desk.status()["verdict"]


def test_an_invalid_scan_command_gets_the_valid_forms():
    desk = Desk()
    for text, wanted in (
        ("scan", "refused: no scan so far; `scan BUS` starts one"), ("scan rs485-9", "rs485-1"), ("scan rs485-1 speed=9600", "baud="),
        ("scan stop", "refused: no scan is in progress"),
        ("scan rs485-1 units=0-5", "1..247"), ("scan rs485-1 units=9-5", "lower one first"), ("scan rs485-1 baud=9601", "9600, 19200"),
        ("scan rs485-1 baud=9600X", "9600, 19200"), ("scan rs485-1 limit=0", "1..7200"), ("scan rs485-1 standing=perhaps", "yes or no"),
    ):  # fmt: skip
        answer = desk.line(text)
        assert answer.startswith("error: ") and wanted in answer, answer
    assert desk.guest() is None


def test_only_an_installer_scans():
    assert "installer rights" in Desk().line("scan rs485-1", role="viewer")


def test_a_second_scan_waits_for_the_first():
    desk = Desk()
    desk.line("scan rs485-1 standing=yes")
    assert "is in progress; wait, or `scan stop` ends it" in desk.line("scan rs485-1 standing=yes")


def test_a_scan_with_an_evse_without_a_counting_watchdog_needs_a_confirmation():
    desk = Desk()
    desk.garage.primary.guard.ledger.evse_states[1].evidence.distrusted = True
    answer = desk.line("scan rs485-1")
    assert answer.startswith("error: scan `rs485-1` is refused: evse-2 has no effective watchdog") and desk.guest() is None
