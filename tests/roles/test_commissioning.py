"""Commissioning at a primary: its console words, its limits, its silence toward one unit, what it keeps and counts."""

from helper_garage import Garage, evse, site
from helper_secondary import PlantPort

from ampacity.base import strict_json
from ampacity.commission import report as commission_report
from ampacity.console.console import Console
from ampacity.console.server import role_of

ON_MICROPYTHON_EACH = 6


class Stuck(PlantPort):
    """Outputs that stay as they were while the last lease held: a watchdog that does not act."""

    lease = None  # of its controller, while it is stuck
    held = ("x1", 0)

    def plant(self, now_ms):
        PlantPort.plant(self, now_ms)
        if self.lease is None or self.lease.remaining_ms(now_ms) > 0:
            self.held = self.pilot
        elif self.held[0] == "pwm" and self.car == "C":
            self.amps_da = [self.held[1] * 6 // 10] * 3


class OnePhase(PlantPort):
    """A car that uses the first terminal only."""

    def plant(self, now_ms):
        PlantPort.plant(self, now_ms)
        self.amps_da = [self.amps_da[0], 0, 0]


class Yard(Garage):
    """A garage with cars at both places, and an installer at its console."""

    def __init__(self, facts=None, port=None, **changes):
        Garage.__init__(self, facts or site(rating_da=400, **changes))
        if port is not None:
            evse = self.unit.secondary.evse
            port.on_input, port.on_change = evse.port.on_input, evse.port.on_change
            self.unit.port = evse.port = port
        self.run(9000)
        self.port.car = self.unit.port.car = "C"
        self.run(10000)

    def type(self, line, role="installer"):
        line += " --yes" if line.startswith(("commission start", "test ")) else ""
        return Console(self.primary.console).line(line, role, self.now_us // 1000)

    def set_password(self):
        """What a signature needs; no login is made with it here."""
        self.primary.documents.put("access", {"kind": "pbkdf2-sha256", "rounds": 1, "salt": "00" * 16, "hash": "00" * 32})

    def status(self):
        return strict_json.loads(self.type("commission status --json"))

    def commission(self, names="", most_s=900):
        """To the end; every question is answered with yes."""
        assert self.type("commission start " + names).startswith("started"), self.type("commission start " + names)
        for _ in range(most_s):
            self.run(1000)
            status = self.status()
            if not status["running"]:
                return self
            if status["ask"]:
                assert self.type("commission next") == "ok", status
        raise AssertionError(self.type("commission status"))

    def until(self, step, most_s=300):
        """The run until it is at that step."""
        for _ in range(most_s):
            if self.status()["step"] == step:
                return self
            self.run(1000)
        raise AssertionError(self.type("commission status"))

    def sheet(self, name):
        return strict_json.loads(self.type("commission report " + name))


def outcomes(sheet):
    return {step["step"]: step["outcome"] for step in sheet["steps"]}


def test_both_places_pass_without_a_meter_and_the_unit_with_its_serial_number_is_tested():
    yard = Yard().commission()
    assert outcomes(yard.sheet("evse-1"))["steps"] == "passed"
    sheet = yard.sheet("evse-2")
    assert outcomes(sheet) == {"load": "passed", "identity": "passed", "steps": "passed", "silence": "passed", "power-on": "not needed"}
    assert sheet["serial"] == "AMP-S-0002" and sheet["outcome"] == "passed"
    evidence = yard.primary.guard.ledger.evse_states[1].evidence
    assert evidence.tested and evidence.tested_fingerprint == "AMP-S-0002"
    silence = sheet["steps"][3]["figures"]
    assert silence["before_da"] >= 155 and silence["device_da"] == 0


def test_no_frame_is_sent_to_the_unit_whose_fail_safe_is_tested_and_its_order_stays_in_the_ledger():
    yard = Yard()
    yard.type("commission start evse-2")
    yard.until("identity").run(1000)
    yard.type("commission next")
    yard.until("silence")
    driver = yard.primary.buses.drivers[1]
    while not driver.traffic:
        yard.run(200)
    taken = yard.unit.secondary.lease.sequence
    yard.run(8000)
    assert driver.traffic == 2 and yard.view("evse-2")["online"] is False
    assert yard.view("evse-2")["bound_a"][0] >= 15.5
    assert yard.unit.secondary.lease.sequence == taken
    yard.run(20000)
    assert not driver.traffic and yard.view("evse-2")["online"] is True


def test_a_limit_from_outside_ends_the_silence_toward_the_unit_under_test():
    yard = Yard()
    yard.type("commission start evse-2")
    yard.until("identity").run(1000)
    yard.type("commission next")
    yard.until("silence")
    driver = yard.primary.buses.drivers[1]
    while not driver.traffic:
        yard.run(200)
    assert yard.status()["progress"].startswith("silent for 0:0")
    yard.type("limit main 0 600")
    yard.run(1500)
    assert not driver.traffic
    yard.run(8000)
    assert max(yard.view("evse-2")["bound_a"]) == 0
    yard.until(None)
    assert outcomes(yard.sheet("evse-2"))["silence"] == "not done" and yard.view("evse-2")["reserve_a"] == 0.0


def test_a_controller_that_becomes_safe_ends_the_run_and_polls_all_units_again():
    yard = Yard()
    yard.type("commission start evse-2")
    yard.until("identity").run(1000)
    yard.type("commission next")
    yard.until("silence")
    driver = yard.primary.buses.drivers[1]
    while not driver.traffic:
        yard.run(200)
    yard.primary.guard.fail("a test of this", yard.now_us // 1000)
    yard.run(1000)
    assert not driver.traffic and not yard.status()["running"]
    yard.run(8000)
    assert yard.view("evse-2")["bound_a"][0] == 0.0


def test_a_scan_and_a_run_exclude_each_other():
    yard = Yard()
    yard.type("commission start evse-2")
    yard.run(1000)
    assert yard.type("scan rs485-1 standing=yes").endswith("is refused: a commissioning run is in progress; wait, or `commission abort` ends it")
    yard.type("commission abort")
    assert not yard.type("scan rs485-1 standing=yes units=9").startswith("error")
    assert "a scan is in progress; wait, or `scan stop` ends it" in yard.type("commission start evse-2")
    yard.type("scan stop")
    assert yard.type("commission start evse-2").startswith("started")


def test_a_watchdog_that_does_not_act_is_found_counts_at_once_and_is_stored():
    port = Stuck("evse-2")
    yard = Yard(port=port)
    port.lease = yard.unit.secondary.lease
    yard.commission("evse-2")
    assert yard.sheet("evse-2")["outcome"] == "failed"
    assert "did not fall back after 10.0 s" in yard.type("commission report")
    assert yard.view("evse-2")["reserve_a"] == 16.0
    port.lease = None
    yard.start().run(10000)
    assert yard.view("evse-2")["reserve_a"] == 16.0
    assert "class N" in yard.type("commission report")
    yard.type("commission start evse-2")
    yard.until("identity").type("commission no")
    yard.until("silence").type("commission skip")
    assert yard.sheet("evse-2")["outcome"] == "failed" and yard.view("evse-2")["reserve_a"] == 16.0
    yard.commission("evse-2")
    assert yard.sheet("evse-2")["outcome"] == "passed" and yard.view("evse-2")["reserve_a"] == 0.0


def test_the_other_evses_keep_their_current_and_are_released_afterwards():
    yard = Yard(site(rating_da=240)).run(30000)
    assert yard.amps_da() == [120, 120]
    yard.type("commission start evse-2")
    most = 0
    for _ in range(90):
        yard.run(1000)
        if yard.status()["ask"]:
            yard.type("commission next")
        most = max(most, yard.amps_da()[0])
    assert most <= 120
    yard.until(None).run(90000)
    assert sum(yard.amps_da()) >= 225 and not yard.primary.guard.limits.sources_of("evse", 0)


def test_other_evses_yield_only_if_the_free_current_is_too_small():
    yard = Yard(site(rating_da=200)).commission("evse-2")
    assert outcomes(yard.sheet("evse-2"))["steps"] == "passed"
    assert max([row[0] for row in yard.sheet("evse-2")["steps"][2]["figures"]["plateaus"]]) >= 130


def test_aborting_releases_everything():
    yard = Yard()
    yard.type("commission start")
    yard.run(5000)
    assert yard.type("commission abort") == "ok"
    yard.run(20000)
    assert min(yard.amps_da()) >= 155 and not yard.status()["running"]
    assert not yard.primary.guard.limits.sources_of("evse", 1)


def test_the_report_of_an_aborted_run_names_the_abort_and_the_missing_steps():
    yard = Yard()
    yard.type("commission start")
    yard.until("identity").type("commission abort")
    report = yard.type("commission report")
    assert "the run was aborted; not done: evse-1 (identity, steps, silence, power-on), evse-2 (all steps)" in report, report
    assert "no faults found in the completed steps" in report
    head = strict_json.loads(yard.type("commission report --json"))
    assert head["finished"] is False and head["aborted"][1] == ["evse-2", []]
    yard.start().run(10000)
    assert "the run was aborted" in yard.type("commission report")
    yard.commission("evse-2")
    assert "aborted" not in yard.type("commission report")


def test_where_tests_are_required_no_evse_charges_before_it_passed():
    yard = Yard(site(rating_da=400, require_tested=True))
    assert yard.amps_da() == [0, 0]
    assert "not commissioned" in yard.type("why evse-2")
    yard.commission("evse-2")
    yard.run(20000)
    assert yard.amps_da()[0] == 0 and yard.amps_da()[1] >= 155
    yard.start().run(20000)
    assert yard.amps_da()[0] == 0 and yard.amps_da()[1] >= 155


def test_the_reports_are_sealed_signed_and_stored():
    yard = Yard().commission("evse-2")
    assert role_of("127.0.0.1", yard.primary.access) == "installer"
    assert "no password is set" in yard.type("commission sign Ada Lovelace") and "not signed" in yard.type("commission report")
    yard.set_password()
    answer = yard.type("commission sign Ada Lovelace")
    head = strict_json.loads(yard.type("commission report --json"))
    assert head["signed"]["by"] == "Ada Lovelace" and head["signed"]["seal"] in answer
    assert commission_report.seal(head, [yard.sheet("evse-2")]) == head["signed"]["seal"]
    assert head["site_sha256"] == commission_report.site_sha256(yard.primary.site) and head["firmware"]
    yard.start().run(2000)
    assert "signed by Ada Lovelace" in yard.type("commission report") and role_of("127.0.0.1", yard.primary.access) == "none"
    signer = Console(yard.primary.console)
    assert strict_json.loads(signer.line("commission report --json", "viewer", 0))["signed"]["by"] == "Ada Lovelace"
    assert signer.line("commission report evse-2", "viewer", 0).startswith("{")
    for line in ("commission start", "commission sign Eve", "commission abort", "replace status"):
        assert "installer rights" in signer.line(line, "viewer", 0), line
    assert "viewer rights" in signer.line("commission report", "none", 0)
    yard.run(10000)
    yard.type("commission start evse-2")
    assert strict_json.loads(yard.type("commission report --json"))["signed"] is None


def test_a_site_that_an_earlier_version_signed_without_a_password_lets_only_the_first_one_be_set():
    yard = Yard()
    yard.primary.documents.put("commission", {"evses": {}, "signed": {"by": "Ada", "at": None, "seal": "0" * 64}})
    assert role_of("127.0.0.1", yard.primary.access) == yard.primary.access.role_at("serial") == "none"
    session = Console(yard.primary.console)
    for line in ("show site", "commission report", "test", "gaps", "restart"):
        assert "set a password first" in session.line(line, "none", 0), line
    assert session.line("password a long pass phrase", "none", 0) is None  # it is being derived


def test_the_word_test_starts_the_commissioning_test():
    yard = Yard()
    asked = Console(yard.primary.console).line("test evse-2", "installer", 0)
    assert asked.startswith("sure? test evse-2: the test starts and stops cars")
    assert "evse-1, evse-2" in yard.type("test evse-9") and "installer rights" in yard.type("test evse-2", "viewer")
    assert yard.type("test evse-2").startswith("started: evse-2; `commission status`")
    assert yard.status()["evse"] == "evse-2"
    told = yard.type("help test")
    assert told.startswith("test [EVSE…]\n") and "commission start" in told and "gaps" in told
    console = Console(yard.primary.console)
    assert console.completions("", "tes", "installer") == ["test"]
    assert console.completions("test ", "", "installer") == ["evse-1", "evse-2"]


def test_commissioning_commands_need_the_installer_and_wrong_ones_get_the_valid_forms():
    yard = Yard()
    assert "installer" in yard.type("commission start", "viewer")
    assert "no commissioning so far" in yard.type("commission report")
    assert "evse-1, evse-2" in yard.type("commission start evse-9")
    assert "each once" in yard.type("commission start evse-1 evse-1")
    assert "no run is in progress" in yard.type("commission next")
    assert "the run is not finished" in yard.type("commission sign Ada")
    yard.type("commission start evse-2")
    assert "a run is in progress; `commission abort` ends it" in yard.type("commission start evse-2")
    assert "no question is open" in yard.type("commission next")
    assert "next, no, skip, abort" in yard.type("commission dance")
    yard.type("commission abort")
    assert "2..60 characters" in yard.type("commission sign A")


def test_while_the_run_waits_for_a_person_the_other_evses_charge_as_usual():
    yard = Yard(site(rating_da=240)).run(30000)
    yard.unit.port.car = "A"
    yard.run(2000)
    yard.type("commission start evse-2")
    yard.run(30000)
    assert yard.status()["step"] == "load" and yard.amps_da()[0] >= 155


def test_a_defect_in_a_test_ends_the_run_and_releases_everything():
    yard = Yard()
    yard.type("commission start")
    yard.run(3000)
    yard.primary.commissioning.run.experiment.step = None
    yard.run(20000)
    assert not yard.status()["running"] and min(yard.amps_da()) >= 155
    assert yard.log.counters["commission_failures"] == 1


def test_a_run_interrupted_by_a_restart_is_not_finished():
    yard = Yard()
    yard.type("commission start")
    yard.run(5000)
    yard.start().run(5000)
    assert "the run was not finished" in yard.type("commission report") and not yard.status()["running"]
    assert "no run is in progress" in yard.type("commission next")
    assert "number of rows" in yard.type("commission status x")


def test_until_its_lines_are_known_an_evse_fits_on_every_line():
    facts = site(rating_da=400)
    facts["circuits"][0]["rating_da"] = [400, 270, 400]
    facts["evses"][1]["terminals"] = [[0]]
    yard = Yard(facts, port=OnePhase("evse-2"))
    yard.type("commission start evse-2")
    guard, orders = yard.primary.guard, []
    for _ in range(80):
        yard.run(1000)
        if yard.status()["ask"]:
            yard.type("commission next")
        if yard.status()["step"] == "steps":
            orders.append(guard.last_order_da(1))
            assert guard.last_order_da(1) + guard.bound_da(0)[1] <= 270
    assert 95 <= max(orders[:15]) <= 110 and max(orders) == 160  # the other one has given way


def test_a_primary_below_is_commissioned_at_its_own_console():
    facts = site(rating_da=400)
    facts["evses"].append(evse("street", "ampacity", bus=0, unit=9, primary=True))
    yard = Yard(facts)
    assert "evse-1, evse-2" in yard.type("commission start street")
    assert yard.type("commission start").startswith("started: evse-1, evse-2;")
