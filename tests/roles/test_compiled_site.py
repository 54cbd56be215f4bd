"""What a primary takes from its compiled site before anything runs, and what it lets go of."""

import sys

from helper_garage import START_MS, HandPlatform, evse, site
from helper_secondary import PlantPort

from ampacity.base.errors import Rejected
from ampacity.base.log import Log
from ampacity.commission.report import site_sha256
from ampacity.roles.boot import checked_boot
from ampacity.roles.configuration.compiled_site import SharedRow, checked, share_empty, shared_rows
from ampacity.roles.primary import make_primary
from ampacity.store.memory_files import MemoryFiles
from check import raises


def garage_facts():
    facts = site()
    facts["evses"].append(evse("evse-3", "ampacity", bus=0, unit=3, terminals=[[1], [2], [0]]))
    facts["evses"].append(evse("evse-4", "ampacity", bus=0, unit=4, terminals=[[1], [2], [0]]))
    return facts


def test_a_site_that_violates_a_sum_is_refused_with_the_place():
    facts = garage_facts()
    facts["circuits"][0]["assumed_other_da"] = [9999] * facts["phases"]
    with raises(Rejected) as e:
        checked(facts)
    assert "site.json" in e.field


def test_equal_terminals_share_one_list_and_others_keep_their_own():
    facts = garage_facts()
    was = [list(evse["terminals"]) for evse in facts["evses"]]
    evses = checked(facts)["evses"]
    assert [evse["terminals"] for evse in evses] == was
    for one in evses:
        for other in evses:
            assert (one["terminals"] is other["terminals"]) == (one["terminals"] == other["terminals"])


def test_empty_lists_of_a_profile_become_one():
    table = {"fields": [["current", 4, []], ["power", 4, [[1, 2]]], ["serial", 3, []]], "chain": [], "gap_ms": 0, "name": ""}
    share_empty(table, [])
    assert table == {"fields": [["current", 4, []], ["power", 4, [[1, 2]]], ["serial", 3, []]], "chain": [], "gap_ms": 0, "name": ""}
    assert table["fields"][0][2] is table["fields"][2][2] is table["chain"]


def test_the_check_is_unloaded_on_a_board_and_can_be_loaded_again():
    for _ in range(2):
        checked(garage_facts())
        assert sys.implementation.name != "micropython" or "ampacity.circuit.trusted.site.check" not in sys.modules


WRONG = (None, "x", "\u00b2", -1, 1.5, [], {}, True, [None])
NAMED = (
    # what is wrong, the field that the refusal names
    (("phases",), "three", "site.json phases"),
    (("phases",), 10**12, "site.json phases"),
    (("circuits", 0), None, "site.json circuits"),
    (("circuits", 0, "rating_da"), "63", "site.json circuits[0] rating_da"),
    (("buses", 0, "baud"), "19200", "site.json buses[0] baud"),
    (("evses", 1, "max_da"), 16.5, "site.json evses[1] max_da"),
    (("evses", 1, "max_da"), True, "site.json evses[1] max_da"),
    (("evses", 0, "terminals"), [[0], 1], "site.json evses[0] terminals"),
    (("evses", 0, "survives"), 1, "site.json evses[0] survives"),
    (("time", "tz"), 5, "site.json time tz"),
    (("ocpp",), [], "site.json ocpp"),
)


def put(facts, path, value):
    for key in path[:-1]:
        facts = facts[key]
    facts[path[-1]] = value


def places(facts, path=()):
    """The path of every field and of the first items of every list."""
    keys = sorted(facts) if isinstance(facts, dict) else range(min(2, len(facts))) if isinstance(facts, list) else ()
    for key in keys:
        yield path + (key,)
        for place in places(facts[key], path + (key,)):
            yield place


def test_what_evses_have_in_common_is_kept_once_and_each_reads_as_it_was_written():
    facts = garage_facts()
    facts["evses"][3]["max_da"] = 160
    facts["evses"][3]["off_shows"] = "dark"
    was = [dict(row) for row in facts["evses"]]
    rows = checked(facts)["evses"]
    shared = [row for row in rows if isinstance(row, SharedRow)]
    assert shared and all([isinstance(row, dict) for row in facts["evses"]])
    for row, before in zip(rows, was):
        assert [row[field] for field in before] == [before[field] for field in before]
        assert "absent" not in row and row.get("absent") is None and row.get("absent", 5) == 5 and row.get("unit") == before["unit"]
        with raises(KeyError):
            row["absent"]
    assert [row.whole() for row in shared] == [was[rows.index(row)] for row in shared]
    assert site_sha256(checked(facts)) == site_sha256(facts)


def test_a_row_that_lacks_a_field_of_another_one_does_not_get_it():
    rows = shared_rows([{"name": "a", "kind": "x", "off_shows": 1}, {"name": "b", "kind": "x"}, {"name": "c", "kind": "x"}])
    assert [row.get("off_shows") for row in rows] == [1, None, None] and rows[2]["name"] == "c"


def test_a_field_of_a_wrong_kind_is_named():
    for path, value, field in NAMED:
        facts = site()
        put(facts, path, value)
        with raises(Rejected) as e:
            checked(facts)
        assert e.field == field, (path, e.field)


def test_settings_and_fields_without_presence_have_kinds_and_ranges():
    for part, field, values in (
        ("settings", "slot_s", ("x", -1, True)), ("settings", "idle_ms", ([1], -1)), ("settings", "deadband_da", ("aa", -1)),
        ("settings", "raise_hold_ms", (None,)), ("ocpp", "storage_kib", (-1, 0)), ("ocpp", "security_profile", (-1, 4)),
        ("ocpp", "publish_kib", (-1, 0)), ("settings", "start_delay_s", (-1,)),
        ("evses[0]", "latency_ms", (-1000000,)), ("evses[0]", "boot_ms", (-1,)), ("evses[0]", "settle_ms", (-1,)),
        ("evses[0]", "watchdog_tolerance_ms", (-1000000,)), ("evses[0]", "step_da", (0, -1)), ("buses[0]", "transit_ms", (-1,)),
    ):
        for value in values:
            facts = site(ocpp={"version": "2.0.1", "identity": "T", "url": "ws://one.example", "password": None})
            part_facts = facts.setdefault(part, {}) if "[" not in part else facts[part.partition("[")[0]][0]
            part_facts[field] = value
            with raises(Rejected) as e:
                checked(facts)
            assert e.field == "site.json %s %s" % (part, field), (part, field, value, e.field)


def test_names_are_words_and_texts_print():
    for part, field, values in (
        ("", "name", ("", "g\n> ok", "a b", "--yes", "\u202ex", "x" * 513)), ("evses[0]", "name", ("\x1b[2Jx", "", "-x", "a b")),
        ("circuits[0]", "name", ("\0",)), ("buses[0]", "name", ("\x9b",)), ("evses[0]", "connector", ("s\n",)), ("buses[0]", "port", ("/dev/tty\n",)),
        ("ocpp", "identity", ("CS1:\r\nX-Evil: 1", "x" * 513)), ("ocpp", "url", ("ws://a\r\nX: 1/",)), ("time", "tz", ("\x1b[2J\n> ",)),
    ):
        for value in values:
            facts = site(ocpp={"version": "2.0.1", "identity": "T", "url": "ws://one.example", "password": None, "root_pem": "A\nB\n"})
            checked(facts)
            (facts if not part else facts[part.partition("[")[0]][0] if "[" in part else facts[part])[field] = value
            with raises(Rejected) as e:
                checked(facts)
            assert e.field == "site.json %s" % (part + " " + field if part else field), (part, field, value, e.field)
            assert "\x1b" not in str(e.error) and "\n" not in str(e.error), str(e.error)


def test_a_time_server_is_an_address_or_a_name():
    for host in ("../../x", "", " ", "pool.ntp.org ", "a..b", "-x.example", "x" * 64, "x." * 130 + "x", "1:z", "p\u00f6ol.example", "a\n"):
        facts = site()
        facts["time"] = {"tz": "UTC0", "ntp": host}
        with raises(Rejected) as e:
            checked(facts)
        assert e.field == "site.json time ntp" and e.allowed == "an IP address or a host name, or null", (host, e.field, e.allowed)
    for host in (None, "pool.ntp.org", "fritz.box.", "192.168.1.1", "fd00::1", "localhost", "2.de.pool.ntp.org"):
        facts = site()
        facts["time"] = {"tz": "UTC0", "ntp": host}
        checked(facts)


def test_a_field_of_any_wrong_kind_leads_to_a_refusal():
    for path in places(site()):
        for value in WRONG:
            facts = site()
            put(facts, path, value)
            platform = HandPlatform(MemoryFiles(), START_MS, {"evse-1": PlantPort("evse-1")})
            platform.connect = None
            try:
                make_primary(platform, facts, Log())
            except Rejected as e:
                assert e.field, (path, value)


def test_a_field_that_is_missing_is_named():
    facts = site()
    del facts["circuits"][0]["rating_da"]
    with raises(Rejected) as e:
        make_primary(HandPlatform(MemoryFiles(), START_MS, {}), facts, Log())
    assert "rating_da" in str(e.error)


def test_invalid_fields_of_boot_json_are_refused_by_name():
    for boot, field in (([], "boot.json"), ({"role": "primray"}, "boot.json role"), ({"role": 5}, "boot.json role"), ({"name": []}, "boot.json name"),
                        ({"console": 5}, "boot.json console"), ({"console": "127.0.0.1"}, "boot.json console"),
                        ({"console": ":5020"}, "boot.json console"),
                        ({"console": "127.0.0.1:\u00b2"}, "boot.json console"), ({"echo": "yes"}, "boot.json echo")):  # fmt: skip
        with raises(Rejected) as e:
            checked_boot(boot)
        assert e.field == field
    assert checked_boot({"role": "secondary", "console": "127.0.0.1:41000"})
    assert checked_boot({"meter": "none", "watchdog": 8000})
