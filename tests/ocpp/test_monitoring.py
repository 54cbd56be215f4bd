"""Monitors of variables (N02 to N08): when they trigger, rest, are kept, and what they cost."""

from station_bench import Bench, payloads

POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
STATE = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}
DATE = {"component": {"name": "ClockCtrlr"}, "variable": {"name": "DateTime"}}
TEMPERATURE = {"component": {"name": "EVSE", "evse": {"id": 2}}, "variable": {"name": "Temperature"}}


def setting(kind, value=1, name=POWER, severity=5, **more):
    item = {"type": kind, "value": value, "severity": severity}
    item.update(name)
    item.update(more)
    return item


def results(bench, *items):
    return bench.call("SetVariableMonitoring", {"setMonitoringData": list(items)})["setMonitoringResult"]


def install(bench, *items):
    """The ids of new monitors."""
    found = results(bench, *items)
    assert [each["status"] for each in found] == ["Accepted"] * len(items), found
    return [each["id"] for each in found]


def told(sent):
    """(monitor, actualValue, cleared) of every event."""
    events = [event for payload in payloads(sent, "NotifyEvent") for event in payload["eventData"]]
    return [(event.get("variableMonitoringId"), event["actualValue"], event.get("cleared", False)) for event in events]


def power(bench, watts, evse=1):
    """The EVSE measures this power; what is sent within the second."""
    bench.station.meter_values(evse, {"power_w": watts}, bench.now_ms)
    return told(bench.advance(1000))


def restarted(bench):
    """The controller starts again, and has heard no EVSE yet."""
    bench.power_cycle()
    for evse in bench.station.evses:
        bench.station.evse_status(evse.id, "Unavailable", bench.now_ms, settled=False)
    bench.connect()


def reported(bench, criteria=None):
    """id → setting of a monitoring report."""
    request = {"requestId": 3}
    if criteria:
        request["monitoringCriteria"] = criteria
    bench.sent = []
    bench.call("GetMonitoringReport", request)
    found = {}
    for payload in payloads(bench.sent, "NotifyMonitoringReport"):
        for item in payload["monitor"]:
            for each in item["variableMonitoring"]:
                found[each["id"]] = each
    return found


def kept(bench):
    return bench.station.documents.get("ocpp_monitors")


def test_N07_FR_02_a_threshold_reports_once_when_it_is_exceeded_and_once_when_it_is_not_any_more():
    bench = Bench().booted()
    power(bench, 0)
    upper, lower = install(bench, setting("UpperThreshold", 1000), setting("LowerThreshold", 500))
    assert told(bench.sent) == [(lower, "0", False)]
    assert power(bench, 1000) == [(lower, "1000", True)]
    assert power(bench, 1001) == [(upper, "1001", False)] and power(bench, 1500) == []
    assert power(bench, 1000) == [(upper, "1000", True)]
    assert power(bench, 500) == [] and power(bench, 499) == [(lower, "499", False)] and power(bench, 0) == []


def test_a_threshold_that_is_exceeded_when_it_is_set_reports_at_once():
    bench = Bench().booted()
    power(bench, 2000)
    (number,) = install(bench, setting("UpperThreshold", 1000))
    assert told(bench.advance(1)) == [] and told(bench.sent) == [(number, "2000", False)]


def test_a_replaced_threshold_is_compared_again():
    bench = Bench().booted()
    (number,) = install(bench, setting("UpperThreshold", 1000))
    assert power(bench, 2000) == [(number, "2000", False)]
    for value, expected in ((1500, [(number, "2000", False)]), (2500, [(number, "2000", True)]), (3000, [])):
        bench.sent = []
        install(bench, setting("UpperThreshold", value, id=number))
        bench.advance(1000)
        assert told(bench.sent) == expected, value


def test_a_difference_counts_from_what_was_reported_last():
    bench = Bench().booted()
    power(bench, 1000)
    (number,) = install(bench, setting("Delta", 100))
    assert power(bench, 1060) == power(bench, 940) == power(bench, 1100) == []
    assert power(bench, 1101) == [(number, "1101", False)] and power(bench, 1001) == []
    assert power(bench, 1000) == [(number, "1000", False)]


def test_events_rest_above_the_level_and_report_what_is_afterwards():
    bench = Bench().booted()
    (number,) = install(bench, setting("UpperThreshold", 1000, severity=6))
    assert bench.call("SetMonitoringLevel", {"severity": 5}) == {"status": "Accepted"}
    assert power(bench, 2000) == [] and bench.get("MonitoringCtrlr", "ActiveMonitoringLevel") == "5"
    bench.sent = []
    bench.call("SetMonitoringLevel", {"severity": 6})
    bench.advance(1000)
    assert told(bench.sent) == [(number, "2000", False)]


def test_while_offline_only_severities_up_to_the_variable_are_queued():
    bench = Bench().booted()
    assert bench.set("MonitoringCtrlr", "OfflineQueuingSeverity", "4") == "Accepted"
    high, low = install(bench, setting("UpperThreshold", 1000, severity=4), setting("UpperThreshold", 1000, severity=5))
    bench.drop()
    for watts in (2000, 0, 3000):
        bench.station.meter_values(1, {"power_w": watts}, bench.now_ms)
        bench.advance_only(1000)
        bench.station.tick(bench.now_ms)
    sent = told(bench.connect() + bench.advance(1000))
    assert [event for event in sent if event[0] == high] == [(high, "2000", False), (high, "0", True), (high, "3000", False)]
    assert [event for event in sent if event[0] == low] == [(low, "3000", False)]


def test_the_offline_queue_is_bounded_and_drops_periodic_events_first():
    bench = Bench().booted()
    (number, _) = install(bench, setting("UpperThreshold", 1000, severity=1), setting("Periodic", 1, severity=1))
    bench.drop()
    bench.station.meter_values(1, {"power_w": 2000}, bench.now_ms)
    for _ in range(100):
        bench.advance_only(1000)
        bench.station.tick(bench.now_ms)
    sent = told(bench.connect())
    assert len(sent) == 32 and (number, "2000", False) in sent and bench.log.counters["ocpp_device_events_dropped"] == 69
    assert max([len(payload["eventData"]) for payload in payloads(bench.sent, "NotifyEvent")]) == 4


def test_a_periodic_monitor_reports_at_its_interval_and_one_that_is_aligned_at_the_clock():
    bench = Bench().booted()
    bench.advance(7000)
    periodic, aligned = install(bench, setting("Periodic", 30), setting("PeriodicClockAligned", 60, severity=6))
    times = {periodic: [], aligned: []}
    for _ in range(121):
        for number, _, _ in told(bench.advance(1000)):
            times[number].append((bench.unix_ms // 1000) % 3600)
    assert times == {periodic: [37, 67, 97, 127], aligned: [60, 120]}


def test_a_monitor_of_a_transaction_rests_without_one():
    bench = Bench().booted()
    (number,) = install(bench, setting("UpperThreshold", 1000, transaction=True))
    assert power(bench, 2000) == [] and reported(bench)[number]["transaction"]
    bench.charging()
    assert power(bench, 2500) == [(number, "2500", False)]
    bench.card()
    bench.unplug()
    assert power(bench, 0) == []
    bench.charging()
    assert power(bench, 2600) == [(number, "2600", False)]


def test_a_variable_that_a_device_reports_later_is_monitored_from_then_on():
    bench = Bench().booted()
    assert results(bench, setting("UpperThreshold", 60.5, TEMPERATURE))[0]["status"] == "UnknownVariable"
    bench.station.device_fact(2, "EVSE", "Temperature", 40, bench.now_ms)
    (number,) = install(bench, setting("UpperThreshold", 60.5, TEMPERATURE))
    bench.power_cycle()
    bench.connect()
    assert told(bench.advance(5000)) == [] and reported(bench)[number]["value"] == 60.5
    bench.station.device_fact(2, "EVSE", "Temperature", 61, bench.now_ms)
    assert told(bench.advance(1000)) == [(number, "61", False)]


def test_a_fact_that_one_device_reports_is_not_yet_known_of_another():
    bench = Bench().booted()
    names = [{"component": {"name": "EVSE", "evse": {"id": evse}}, "variable": {"name": "SerialNumber"}} for evse in (1, 2)]
    for evse in (1, 2):
        bench.station.device_fact(evse, "EVSE", "SerialNumber", "S%d" % evse, bench.now_ms)
    _, second = install(bench, *[setting("Delta", 1, name) for name in names])
    bench.power_cycle()
    bench.connect()
    bench.station.device_fact(1, "EVSE", "SerialNumber", "S1", bench.now_ms)
    assert told(bench.advance(3000)) == []
    bench.station.device_fact(2, "EVSE", "SerialNumber", "S2", bench.now_ms)
    assert told(bench.advance(3000)) == []
    bench.station.device_fact(2, "EVSE", "SerialNumber", "S3", bench.now_ms)
    assert told(bench.advance(1000)) == [(second, "S3", False)]


def test_N07_FR_14_a_threshold_that_was_exceeded_before_a_restart_is_cleared_after_it():
    bench = Bench().booted()
    (number,) = install(bench, setting("UpperThreshold", 1000))
    power(bench, 2000)
    assert kept(bench)["exceeded"] == [number]
    restarted(bench)
    assert told(bench.advance(5000)) == []  # nothing is known yet
    assert power(bench, 0) == [(number, "0", True)]


def test_monitors_of_the_power_of_an_EVSE_that_is_not_heard_compare_the_0_that_the_variable_has():
    bench = Bench().booted()
    power(bench, 2000)
    upper, lower, delta = install(bench, setting("UpperThreshold", 1000), setting("LowerThreshold", 500), setting("Delta", 300))
    bench.station.meter_values(1, {"power_w": None, "amps_da": None}, bench.now_ms)
    assert bench.get("EVSE", "Power", evse=1) == "0"
    assert told(bench.advance(1000)) == [(upper, "0", True), (lower, "0", False), (delta, "0", False)]
    assert power(bench, 2000) == [(upper, "2000", False), (lower, "2000", True), (delta, "2000", False)]
    restarted(bench)
    bench.station.meter_values(1, {"power_w": None, "amps_da": None}, bench.now_ms)
    assert told(bench.advance(3000)) == []  # after a start it may be heard in a moment
    bench.station.evse_status(1, "Occupied", bench.now_ms)
    bench.station.meter_values(1, {"power_w": None, "amps_da": [160]}, bench.now_ms)
    assert told(bench.advance(3000)) == []  # it is heard, and its power is read last
    assert power(bench, 2000) == []
    restarted(bench)
    bench.station.evse_status(1, "Unavailable", bench.now_ms)
    assert told(bench.advance(1000)) == [(upper, "0", True), (lower, "0", False)]  # it is not there


def test_a_value_at_its_threshold_writes_to_the_store_once_a_minute():
    bench = Bench().booted()
    install(bench, setting("UpperThreshold", 1000))
    puts = []
    documents = bench.station.documents
    put = documents.put
    documents.put = lambda name, value: (puts.append(name), put(name, value))
    for i in range(180):
        power(bench, 1500 if i % 2 else 500)
    assert 2 <= puts.count("ocpp_monitors") <= 4, puts


def test_the_bases_activate_the_preconfigured_monitors_and_remove_custom_ones():
    bench = Bench().booted()
    assert list(reported(bench)) == [1] and bench.get("MonitoringCtrlr", "ActiveMonitoringBase") == "HardWiredOnly"
    (own,) = install(bench, setting("Delta", 5))
    for base, expected in (("All", [1, 2, 3, 4, own]), ("FactoryDefault", [1, 2, 3, 4]), ("All", [1, 2, 3, 4]), ("HardWiredOnly", [1])):
        assert bench.call("SetMonitoringBase", {"monitoringBase": base}) == {"status": "Accepted"}
        assert sorted(reported(bench)) == expected, base
    bench.call("SetMonitoringBase", {"monitoringBase": "All"})
    bench.sent = []
    bench.station.evse_status(1, "Occupied", bench.now_ms)
    assert told(bench.advance(1000)) == [(3, "Occupied", False)]
    events = [event for payload in payloads(bench.sent, "NotifyEvent") for event in payload["eventData"]]
    assert [event["eventNotificationType"] for event in events] == ["PreconfiguredMonitor"]


def test_a_preconfigured_monitor_can_be_replaced_and_cleared_until_its_base_is_set_again():
    bench = Bench().booted()
    bench.call("SetMonitoringBase", {"monitoringBase": "All"})
    assert install(bench, setting("Periodic", 60, STATE, id=3)) == [3]
    bench.call("SetMonitoringBase", {"monitoringBase": "All"})
    assert reported(bench)[3]["type"] == "Periodic"
    assert bench.call("ClearVariableMonitoring", {"id": [3, 4, 1, 77]})["clearMonitoringResult"] == [
        {"id": 3, "status": "Accepted"}, {"id": 4, "status": "Accepted"}, {"id": 1, "status": "Rejected"}, {"id": 77, "status": "NotFound"},
    ]
    assert sorted(reported(bench)) == [1, 2]
    bench.power_cycle()
    bench.connect()
    assert sorted(reported(bench)) == [1, 2] and bench.get("MonitoringCtrlr", "ActiveMonitoringBase") == "All"
    bench.call("SetMonitoringBase", {"monitoringBase": "All"})
    assert reported(bench)[3]["type"] == "Delta"


def test_what_is_out_of_range_is_refused_with_the_range():
    bench = Bench().booted()
    for item, status, reason, text in (
        (setting("Delta", 1, severity=10), "Rejected", "ValueOutOfRange", "severity: 0 to 9"),
        (setting("UpperThreshold", 22081), "Rejected", "ValueOutOfRange", "0 to 22080"),
        (setting("Periodic", 0), "Rejected", "ValueOutOfRange", "1 to 86400 whole seconds"),
        (setting("PeriodicClockAligned", 1.5), "Rejected", "ValueOutOfRange", "whole seconds"),
        (setting("Delta", -0.5), "Rejected", "ValueOutOfRange", "0 to"),
        (setting("Delta", 1, id=1), "Rejected", "ReadOnly", "hardwired"),
        (setting("Delta", 1, id=9), "Rejected", "NotFound", "the id 9"),
        (setting("Delta", 1, DATE), "UnsupportedMonitorType", "UnsupportedParam", "dateTime"),
    ):
        found = results(bench, item)[0]
        assert found["status"] == status and found["statusInfo"]["reasonCode"] == reason, found
        assert text in found["statusInfo"]["additionalInfo"] and "id" not in found, found
    assert kept(bench) is None and list(reported(bench)) == [1]


def test_custom_monitors_are_bounded():
    bench = Bench(evses=16).booted()
    count = 0
    for evse in range(1, 17):
        name = {"component": {"name": "EVSE", "evse": {"id": evse}}, "variable": {"name": "Power"}}
        found = results(bench, *[setting("Delta", 100, name, severity) for severity in range(5)])
        count += len([each for each in found if each["status"] == "Accepted"])
    assert count == 64 and found[-1]["statusInfo"]["reasonCode"] == "TooManyElements"
    bench.power_cycle()
    bench.connect()
    assert len(reported(bench)) == 65


def test_what_cannot_be_kept_is_refused_and_changes_nothing():
    bench = Bench().booted()
    (number,) = install(bench, setting("Delta", 5))

    def full(name, value):
        raise OSError(28, "no space")

    bench.station.documents.put = full
    found = results(bench, setting("Periodic", 60))[0]
    assert (found["status"], found["statusInfo"]["reasonCode"]) == ("Rejected", "OutOfStorage") and "id" not in found
    assert bench.call("SetMonitoringBase", {"monitoringBase": "All"})["status"] == "Rejected"
    assert bench.call("SetMonitoringLevel", {"severity": 0})["status"] == "Rejected"
    assert bench.call("ClearVariableMonitoring", {"id": [number]})["clearMonitoringResult"][0]["status"] == "Rejected"
    assert sorted(reported(bench)) == [1, number] and bench.get("MonitoringCtrlr", "ActiveMonitoringLevel") == "9"


def test_monitoring_can_be_switched_off():
    bench = Bench().booted()
    (number,) = install(bench, setting("UpperThreshold", 1000))
    assert bench.set("MonitoringCtrlr", "Enabled", "false") == "Accepted"
    assert power(bench, 2000) == [] and results(bench, setting("Delta", 1))[0]["statusInfo"]["reasonCode"] == "NotEnabled"
    bench.station.station_problem(True, bench.now_ms)
    assert told(bench.pump()) == []
    bench.set("MonitoringCtrlr", "Enabled", "true")
    assert (number, "2000", False) in told(bench.sent + bench.advance(1000))


def test_without_monitors_there_is_no_block_and_no_work():
    bench = Bench().booted()
    bench.station.station_problem(True, bench.now_ms)
    assert told(bench.pump()) == [(1, "true", False)]
    assert bench.station.optional.find("monitoring") is None
    bench.advance(1)
    assert bench.wake_ms - bench.now_ms > 10000


def test_many_monitors_are_looked_at_a_few_at_a_time():
    bench = Bench(evses=32).booted()
    bench.call("SetMonitoringBase", {"monitoringBase": "All"})
    asked = []
    model = bench.station.model
    value = model.value
    model.value = lambda scope, row: (asked.append(bench.now_ms), value(scope, row))[1]
    bench.advance(1500)
    most = max([asked.count(at_ms) for at_ms in asked])
    assert most <= 8 and 33 <= len(asked) <= 70, (most, len(asked))
    assert sorted(set(asked)) == [bench.now_ms - 1500 + at_ms for at_ms in (0, 200, 400, 600, 800, 1000, 1200, 1400)][-len(set(asked)) :]


def test_many_periodic_monitors_with_different_times_are_looked_at_a_few_at_a_time():
    bench = Bench(evses=8).booted()
    for evse in range(1, 9):
        name = {"component": {"name": "EVSE", "evse": {"id": evse}}, "variable": {"name": "Power"}}
        install(bench, *[setting("Periodic", 1, name, severity) for severity in range(4)])
        bench.advance(37)
    looked, block = [], bench.station.optional.find("monitoring")
    look_at = block.tick

    def counted(now_ms):
        before = [each.due_ms for each in block.custom]
        wake_ms = look_at(now_ms)
        looked.append(len([1 for each, due_ms in zip(block.custom, before) if each.due_ms != due_ms]))
        return wake_ms

    block.tick = counted
    sent = told(bench.advance(4000))
    assert 64 <= len(sent) <= 128 and max(looked) <= 8 and sum(looked) <= 40 * 4 + 8, (len(sent), max(looked), sum(looked))


def test_kept_monitors_of_EVSEs_that_are_gone_are_not_used():
    bench = Bench(evses=3).booted()
    gone = {"component": {"name": "EVSE", "evse": {"id": 3}}, "variable": {"name": "Power"}}
    first, _ = install(bench, setting("Delta", 100), setting("Delta", 100, gone))
    bench.evses = bench.evses[:2]
    restarted(bench)
    assert sorted(reported(bench)) == [1, first] and power(bench, 5000) == [] and power(bench, 0) == [(first, "0", False)]
