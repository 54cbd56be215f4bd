"""A document whose checksum is right and whose content is not is a damaged one: the site starts, on the safe side, and says which field."""

from helper_damage import EVENT, PRIMARY, SECONDARY, changed, copied, damaged_garage, fresh, places, spoilt_store, without
from helper_secondary import Unit

from ampacity.base.document_shape import WrongShape, check_shape
from ampacity.base.strict_json import dumps, loads
from ampacity.console.console import Console
from ampacity.roles.storage import commission_shapes, document_shapes, primary_shapes
from ampacity.roles.storage.document_shapes import primary_shape, secondary_shape
from ampacity.store.document_store import DocumentStore
from check import raises

SAMPLE = 40  # of random damage
COMMANDS = ("show site", "show ocpp", "show counters", "show settings", "why evse-1", "commission report", "commission report evse-1", "log 100")
ON_MICROPYTHON_EACH = 2


def lines(log):
    return [line[3] for line in log.since(0)]


def told(log, name, field):
    """Was this field of this document logged, once, and counted?"""
    found = [line for line in lines(log) if line.startswith("storage: document %s is damaged: " % name)]
    return len(found) == 1 and field in found[0] and log.counters["documents_damaged"] >= 1


def start(name, value, **others):
    """A garage after 30 s with this document and these others in its store."""
    return damaged_garage(fresh(dict(others, **{name: value}))).run(30000)


def test_each_document_has_a_shape_and_an_example_that_fits_it():
    both = document_shapes.BOTH.lstrip("\n")
    of_primary = primary_shapes.PRIMARY + commission_shapes.COMMISSION.lstrip("\n") + both
    for table, examples, shape_of in ((of_primary, PRIMARY, primary_shape), (document_shapes.SECONDARY + both, SECONDARY, secondary_shape)):
        shaped = [line.split(" ", 1)[0] for line in table.strip().split("\n")]
        assert len(shaped) == len(examples)
        for name in examples:
            assert shape_of(name) and [each for each in shaped if name == each or each[-1] == "_" and name[: len(each) - 1] == each[:-1]], name
            check_shape(examples[name], shape_of(name))
    assert primary_shape("other") is None and primary_shape("ocpp_profile_-5") == primary_shape("ocpp_profile_5")


def test_what_runs_writes_only_what_fits():
    garage = damaged_garage(fresh({}))
    garage.run(30000)
    Console(garage.primary.console).line("limit main 20 600", "installer", garage.now_us // 1000)
    garage.run(70000)
    documents = DocumentStore(garage.files)
    found = documents.names()
    assert "evidence" in found and "limits" in found and "ocpp_boot" in found
    for name in found:
        assert primary_shape(name), name
        check_shape(documents.get(name), primary_shape(name))


def test_a_field_of_another_type_is_damage_at_every_place_of_every_document():
    for examples, shape_of in ((PRIMARY, primary_shape), (SECONDARY, secondary_shape)):
        for name in examples:
            refused = 0
            for path in places(examples[name]):
                value = changed(examples[name], path, {"strange": [1.5]} if not isinstance(value_at(examples[name], path), dict) else [1.5])
                try:
                    check_shape(value, shape_of(name))
                    continue
                except WrongShape:
                    refused += 1
                assert damage_told(name, value, shape_of) == [name]
            assert refused, name


def damage_told(name, value, shape_of):
    """The names that are told when this document is read."""
    found = []
    documents = DocumentStore(fresh({name: value}))
    documents.declare(shape_of, lambda name, why: found.append(name))
    assert documents.get(name, 7) == 7 and documents.damaged == [name]
    return found


def value_at(value, path):
    for key in path:
        value = value[key]
    return value


def test_wrong_evidence_means_the_safe_state_until_a_person_looked():
    wrong = copied(PRIMARY["evidence"])
    for path, new, field in (
        ((), [], "the document"), ((), {}, "format"), (("evses",), None, "evses"), (("locked",), ["evse-2"], "locked"), (("swapped",), {}, "swapped"),
        (("evses", "evse-2", "distrusted"), "yes", "evses.evse-2.distrusted"), (("site", "evses", "evse-2", "reserve"), -160, "reserve"),
        (("meters", "main", "trust"), "ok", "meters.main.trust"), (("evses", "evse-2", "seen"), {"fallback_da": -1}, "seen.fallback_da"),
    ):  # fmt: skip
        garage = start("evidence", changed(wrong, path, new))
        assert garage.primary.guard.mode == "safe" and garage.amps_da() == [0, 0], path
        assert told(garage.log, "evidence", field), (path, lines(garage.log))
        assert any("`relearn`" in line for line in lines(garage.log))
        assert "evidence" in garage.view("evse-1")["why"] and not garage.platform.resets


def test_evidence_that_lacks_an_evse_of_its_own_site_is_damaged():
    for name in ("evse-1", "evse-2"):
        garage = start("evidence", without(PRIMARY["evidence"], ("evses", name)))
        assert garage.primary.guard.mode == "safe" and garage.amps_da() == [0, 0] and garage.primary.persistence.lost
        assert told(garage.log, "evidence", "evses.%s is missing" % name), lines(garage.log)
    garage = start("evidence", without(without(PRIMARY["evidence"], ("evses", "evse-1")), ("site", "evses", "evse-1")))
    assert not garage.primary.persistence.lost, "a new EVSE"


def test_wrong_latched_faults_wait_for_the_unplug():
    for value, field in (([], "the document"), ({"evse-1": "rcm"}, "evse-1"), ({"evse-1": [None]}, "evse-1[0]")):
        garage = start("latched", value)
        assert garage.amps_da()[0] == 0 and told(garage.log, "latched", field)


def test_wrong_limits_are_0_A():
    rows = PRIMARY["limits"]
    for value, field in (
        (5, "the document"), (changed(rows, (0, "value"), "all"), "[0].value"), (without(rows, (0, "value")), "[0].value"),
        (changed(rows, (0, "left_ms"), -1), "[0].left_ms"), (changed(rows, (0, "silent"), "shout"), "[0].silent"),
        (changed(rows, (0, "phases"), 9), "phases"),
    ):  # fmt: skip
        garage = start("limits", value)
        assert garage.amps_da() == [0, 0] and told(garage.log, "limits", field), field


def test_wrong_charging_profiles_are_0_A():
    profile = PRIMARY["ocpp_profile_5"]
    for path, new in (
        (("chargingSchedule",), []), (("chargingSchedule", 0, "chargingSchedulePeriod"), []), (("chargingSchedule", 0, "startSchedule"), "tomorrow"),
        (("id",), 6), (("stackLevel",), "1"), (("chargingProfileKind",), "Recurring"), (("chargingProfilePurpose",), "TxProfile"),
        (("chargingSchedule", 0, "chargingSchedulePeriod", 0, "limit"), -16),
    ):  # fmt: skip
        value = changed(profile, path, new)
        garage = start("ocpp_profile_5", value, ocpp_profiles=[[5, 0]], ocpp_vars={"AuthCtrlr.Enabled": "false"})
        assert garage.amps_da() == [0, 0] and told(garage.log, "ocpp_profile_5", ""), path
    for index in ({"5": 0}, [5], [[5, 0, 0]], [["5", 0]], [[5, 99]]):
        garage = start("ocpp_profiles", index, ocpp_vars={"AuthCtrlr.Enabled": "false"})
        assert garage.amps_da() == [0, 0], index
    garage = start("ocpp_profile_5", profile, ocpp_profiles=[[5, 0]], ocpp_vars={"AuthCtrlr.Enabled": "false"})
    assert 60 <= sum(garage.amps_da()) <= 80


def test_a_wrong_password_record_gives_no_rights():
    for value in (5, {}, [], {"salt": "00", "hash": None}, {"salt": 1, "hash": "00" * 32}, {"salt": "zz", "hash": "zz"}):
        garage = damaged_garage(fresh({"access": value}))
        assert garage.primary.access.is_set() and garage.primary.access.lost(), value


def test_a_wrong_floor_or_network_document_never_leads_back_to_plain_connections():
    for documents in ({"upstream_floor": {"security_profile": "1"}}, {"upstream_floor": []}, {"upstream_floor": {"security_profile": 9}}):
        garage = damaged_garage(fresh(documents))
        assert garage.primary.upstream.config.unusable
    own = {"slot": 0, "url": "ws://one.example", "security_profile": 1}
    for profile in ({"url": "ws://stranger.example", "security_profile": 2}, {"url": "", "security_profile": 1}, {"url": 5}, "ws://stranger.example"):
        garage = damaged_garage(fresh({"ocpp_network": {"1": profile}, "upstream_own": own}))
        assert garage.primary.upstream.config.url == "ws://one.example" and told(garage.log, "ocpp_network", "1")


def test_an_impossible_variable_has_its_default_and_the_others_their_values():
    name, other = "OCPPCommCtrlr.HeartbeatInterval", "OCPPCommCtrlr.RetryBackOffRepeatTimes"
    for text in ("soon", "-5", "9" * 30, ""):
        garage = damaged_garage(fresh({"ocpp_vars": {name: text, other: "4", "Of.Another": "x", "version": ""}, "setup": {name: "60"}}))
        model = garage.primary.upstream.station.model
        assert garage.primary.upstream.station.next(garage.now_us // 1000) and model.number("OCPPCommCtrlr", "RetryBackOffRepeatTimes") == 4
        assert model.text("OCPPCommCtrlr", "HeartbeatInterval") == "86400" and told(garage.log, "ocpp_vars", name)


def test_wrong_messages_in_the_queue_are_counted_and_the_others_are_sent():
    wrong = [
        5, [], {}, changed(EVENT, ("p", "evse"), {}), changed(EVENT, ("t",), "now"), changed(EVENT, ("t",), 10**30), without(EVENT, ("x",)),
        changed(EVENT, ("p", "idToken"), "ABC"), changed(EVENT, ("p", "meterValue"), 5), changed(EVENT, ("a",), "Anything"),
    ]  # fmt: skip
    garage = damaged_garage(fresh({}, [EVENT] + wrong + [changed(EVENT, ("p", "seqNo"), 3)]))
    station = garage.primary.upstream.station
    assert garage.log.counters["ocpp_events_lost"] == len(wrong)
    assert len([line for line in lines(garage.log) if line.startswith("ocpp: kept event")]) == len(wrong)
    assert sent_events(garage, station) == [2, 3]


def sent_events(garage, station):
    """The seqNo of TransactionEvents of the run before that reach a CSMS."""
    now_ms, seen = garage.now_us // 1000, []
    station.connected(now_ms)
    for _ in range(60):
        text = station.next(now_ms)[0]
        if text is None:
            break
        _kind, number, action, payload = loads(text)
        answer = {}
        if action == "BootNotification":
            answer = {"currentTime": "2026-11-20T12:00:00Z", "interval": 300, "status": "Accepted"}
        elif action == "Heartbeat":
            answer = {"currentTime": "2026-11-20T12:00:00Z"}
        elif action == "TransactionEvent" and payload.get("offline"):
            seen.append(payload["seqNo"])
        station.receive(dumps([3, number, answer]), now_ms)
    return seen[:2]


def test_an_order_of_the_csms_with_an_unknown_status_is_forgotten_and_the_next_one_is_accepted():
    kept = PRIMARY["ocpp_publish"]
    for value, field in ((dict(kept, status="Lost"), "status"), (dict(kept, unsent=[[7, "Lost", ""]]), "unsent[0][1]")):
        garage = start("ocpp_publish", value)
        station = garage.primary.upstream.station
        assert told(garage.log, "ocpp_publish", field) and not [action for action in station.actions if action[0] == "publish"]
        assert "Traceback" not in Console(garage.primary.console).line("show ocpp", "viewer", garage.now_us // 1000)
    check_shape(dict(kept, status=""), primary_shape("ocpp_publish"))  # not yet reported
    assert block(station).order is None
    request = {"requestId": 8, "location": "http://files.example/app.bin", "checksum": "0" * 32}
    assert block(station).request(request, garage.now_us // 1000) == {"status": "Accepted"}
    check_shape(DocumentStore(garage.files).get("ocpp_publish"), primary_shape("ocpp_publish"))


def block(station):
    return station.optional.offered("publish", 0)


def test_wrong_documents_of_a_secondary():
    files = fresh({"written": changed(SECONDARY["written"], ("max_da",), "130")})
    unit = Unit(files)
    assert (unit.secondary.lease.max_da, unit.secondary.lease.fallback_da) == (60, 0) and told(unit.log, "written", "max_da")
    unit = Unit(fresh({"written": changed(SECONDARY["written"], ("fallback_da",), 200)}))  # more than its own max_da
    assert (unit.secondary.lease.max_da, unit.secondary.lease.fallback_da) == (60, 0) and told(unit.log, "written", "contradict")
    for value in ("rcm", {"rcm": 1}, [1]):
        unit = Unit(fresh({"latched": value}))
        unit.port.car = "C"
        unit.keep_granting(10000, 160)
        assert not unit.port.contactor and told(unit.log, "latched", "")
    for value in ([], {"boots": "x", "energy_wh": 5}, {"boots": 1, "energy_wh": -5}):
        unit = Unit(fresh({"secondary": value}))
        assert unit.secondary.evse.energy_wh == 0 and told(unit.log, "secondary", "")


def survives(seed):
    if seed % 5 == 4:
        unit = Unit(spoilt_store(SECONDARY, seed)[0])
        unit.port.car = "C"
        unit.keep_granting(3000, 160)
        unit.secondary.housekeep(unit.now_ms)
        return unit.log
    garage = damaged_garage(spoilt_store(PRIMARY, seed, [EVENT, EVENT])[0]).run(2000)
    sent_events(garage, garage.primary.upstream.station)
    console = Console(garage.primary.console)
    for line in COMMANDS:
        assert "Traceback" not in console.line(line, "installer", garage.now_us // 1000), line
    garage.run(2000)
    assert max(garage.most_da) <= 200
    return garage.log


def sample(first):
    for seed in range(first, first + SAMPLE // 4):
        try:
            log = survives(seed)
        except Exception as e:
            raise AssertionError("seed %d: %s %s" % (seed, type(e), e))
        assert not [line for line in lines(log) if "Traceback" in line], seed


async def test_random_damage_of_one_document_or_of_all_ends_no_start_1():
    sample(0)


async def test_random_damage_of_one_document_or_of_all_ends_no_start_2():
    sample(1000)


async def test_random_damage_of_one_document_or_of_all_ends_no_start_3():
    sample(2000)


async def test_random_damage_of_one_document_or_of_all_ends_no_start_4():
    sample(3000)


def test_a_network_profile_without_a_slot_is_none_at_all():
    shape = primary_shape("upstream_last")
    check_shape({}, shape)
    for value in ({"security_profile": "x"}, {"url": 1}, {"slot": 1}):
        with raises(WrongShape):
            check_shape(value, shape)
