"""What two configurations differ in, what of it touches safety, and what is a secret."""

from helper_garage import site

from ampacity.roles.configuration.site_comparison import changes, fill_secrets, line_of, touches_safety, without_secrets

OCPP = {"identity": "CS1", "url": "ws://csms", "password": "correct-horse", "key_pem": "PEM", "version": "2.0.1", "security_profile": 1}


def lines(old, new):
    return [line_of(*each) for each in changes(old, new)]


def safety(old, new):
    return [path for path, _, _ in changes(old, new) if touches_safety(path, "primary")]


def test_the_same_configuration_has_no_changes():
    assert lines(site(), site()) == []


def test_a_change_has_its_place_by_name_and_both_values():
    new = site(rating_da=250)
    new["evses"][1]["limit_da"] = 100
    assert lines(site(), new) == ["circuits[main].rating_da: [200, 200, 200] -> [250, 250, 250]", "evses[evse-2].limit_da: 160 -> 100"]


def test_an_entry_that_comes_or_goes_is_one_line_and_another_order_is_a_change():
    new = site()
    gone = new["evses"].pop()
    told = "max_da 160, fallback_da 0, circuit main, unit 2"
    assert lines(site(), new)[0] == "evses[evse-2]: %s -> absent" % told and lines(new, site())[0] == "evses[evse-2]: absent -> %s" % told
    assert safety(site(), new)[0] == "evses[evse-2]"
    new["evses"].insert(0, gone)
    assert lines(site(), new) == ["evses: the order of its entries -> another order"] and safety(site(), new) == ["evses"]


def test_an_index_is_shown_as_the_name_at_that_place():
    old = site()
    old["circuits"].append({"name": "row", "parent": 0, "rating_da": [80, 80, 80]})
    old["solar"] = {"circuit": 1, "evses": [0, 1]}
    new = site(solar={"circuit": 0, "evses": [1, 0]})
    new["circuits"].insert(0, dict(old["circuits"][1], parent=1))
    for evse in new["evses"]:
        evse["circuit"] = 1
    new["evses"].reverse()
    order = ["circuits: the order of its entries -> another order", "evses: the order of its entries -> another order"]
    assert lines(old, new) == order
    new["evses"][0]["circuit"] = 0  # evse-2, which had 0 before, too
    assert lines(old, new) == [order[0], "evses[evse-2].circuit: main -> row", order[1]]
    new["evses"][0]["circuit"] = 7  # none is there: the check refuses it
    assert "evses[evse-2].circuit: main -> 7" in lines(old, new)


def test_a_renamed_circuit_is_shown_with_its_rating():
    new = site(rating_da=250)
    new["circuits"][0]["name"] = "other"
    told = lines(site(), new)
    assert told[:2] == [
        "circuits[main]: rating_da [200, 200, 200], parent -1 -> absent", "circuits[other]: absent -> rating_da [250, 250, 250], parent -1",
    ]  # fmt: skip
    assert "evses[evse-1].circuit: main -> other" in told


def test_what_holds_for_the_whole_site_is_first():
    new = site(rating_da=250, voltage_v=120)
    assert [path for path, _, _ in changes(site(), new)] == ["voltage_v", "circuits[main].rating_da"]


def test_long_values_are_shown_from_where_they_differ():
    one, other = site(profiles={"a": "x" * 100 + "one"}), site(profiles={"a": "x" * 100 + "other"})
    assert lines(one, other) == ["profiles.a: ...%sone -> ...%sother" % ("x" * 7, "x" * 7)]
    long = site(profiles={"a": "y" * 500})
    assert len(lines(one, long)[0]) <= 120 and lines(one, long)[0].startswith("profiles.a: xxx") and " -> yyy" in lines(one, long)[0]
    assert lines(site(profiles={"a": 5}), one)[0].startswith("profiles.a: 5 -> xxx")


def test_a_list_of_objects_is_shown_by_its_size():
    assert lines(site(more=[{"password": "horse"}]), site(more=[{"password": "staple"}, 2])) == ["more: 1 entries -> 2 entries"]


def test_true_is_not_one():
    old, new = site(), site()
    old["require_tested"], new["require_tested"] = 0, False
    assert lines(old, new) == ["require_tested: 0 -> False"]


def test_only_what_no_sum_depends_on_is_free():
    for field, value in (("limit_da", 100), ("priority", 2), ("weight", 3)):
        new = site()
        new["evses"][0][field] = value
        assert lines(site(), new) and safety(site(), new) == [], field
    for field in sorted(site()["evses"][0]):
        if field not in ("limit_da", "priority", "weight", "name"):
            new = site()
            new["evses"][0][field] = "other"
            assert safety(site(), new) == ["evses[evse-1].%s" % field], field
    for top in sorted(site()):
        new = site()
        new[top] = "other"
        assert bool(safety(site(), new)) == (top not in ("name", "ocpp", "time", "settings")), top
    assert safety(site(), site(a_field_of_tomorrow=1)) == ["a_field_of_tomorrow"]
    assert safety(site(), site(alarm_output="gpio:5")) == ["alarm_output"]  # a pin that may be another output's


def test_every_change_of_a_secondary_touches_safety():
    assert touches_safety("port", "secondary") and touches_safety("max_da", "secondary")


def test_secrets_are_null_in_what_is_read_and_named():
    found = []
    facts = site(ocpp=OCPP)
    facts["buses"][0]["tls"] = {"key_pem": "PEM", "root_pem": "ROOT"}
    shown = without_secrets(facts, "", found)
    assert found == ["buses[rs485-1].tls.key_pem", "ocpp.key_pem", "ocpp.password"]
    assert shown["ocpp"]["password"] is None and shown["buses"][0]["tls"] == {"key_pem": None, "root_pem": "ROOT"}
    assert facts["ocpp"]["password"] == "correct-horse"


def test_a_secret_that_is_null_is_kept_and_one_that_is_nowhere_is_missing():
    old, kept, missing = site(ocpp=OCPP), [], []
    old["buses"][0]["tls"] = {"key_pem": "OLD", "root_pem": "ROOT"}
    new = without_secrets(old, "", [])
    new["buses"].insert(0, {"name": "another", "tls": {"key_pem": None}})
    new["ocpp"]["key_pem"] = "NEW"
    fill_secrets(new, old, "", kept, missing)
    assert new["ocpp"]["password"] == "correct-horse" and new["ocpp"]["key_pem"] == "NEW" and new["buses"][1]["tls"]["key_pem"] == "OLD"
    assert kept == ["buses[rs485-1].tls.key_pem", "ocpp.password"] and missing == ["buses[another].tls.key_pem"]


def test_a_secret_is_not_kept_for_another_address_or_a_lower_profile():
    def lost(place, fields):
        old, kept, missing = site(ocpp=dict(OCPP, url="wss://csms.example/a?b", security_profile=2)), [], []
        old["buses"][0].update({"host": "10.0.0.5", "tcp_port": 802, "tls": {"key_pem": "OLD"}})
        new = without_secrets(old, "", [])
        (new["ocpp"] if place == "ocpp" else new["buses"][0]).update(fields)
        fill_secrets(new, old, "", kept, missing)
        assert len(kept) + len(missing) == 3, (kept, missing)
        return missing

    for fields in ({"url": "wss://csms.example/c"}, {"url": "wss://csms.example?d"}, {"security_profile": 3}, {"identity": "CS2"}):
        assert lost("ocpp", fields) == [], fields
    for url in ("ws://csms.example/a", "wss://csms.example:8443/a", "wss://csms.example.org/a", "wss://evil//csms.example/a", None):
        assert lost("ocpp", {"url": url}) == ["ocpp.key_pem", "ocpp.password"], url
    assert lost("ocpp", {"security_profile": 1}) == ["ocpp.key_pem", "ocpp.password"]
    assert lost("ocpp", {"root_pem": "ANOTHER"}) == lost("ocpp", {"root_pem": "ANOTHER", "security_profile": 3}) == ["ocpp.key_pem", "ocpp.password"]
    for fields in ({"host": "10.0.0.6"}, {"tcp_port": 1802}):
        assert lost("bus", fields) == ["buses[rs485-1].tls.key_pem"], fields


def test_a_changed_address_is_shown_without_user_password_and_query():
    def told(old, new):
        return lines(site(ocpp=dict(OCPP, url=old)), site(ocpp=dict(OCPP, url=new)))

    assert told("ws://one/a?t=SECRET", "ws://u:SECRET@two/b") == ["ocpp.url: ws://one/a -> ws://***@two/b"]
    assert told("ws://one/a?t=SECRET", "ws://one/a?t=OTHER") == ["ocpp.url: user, password or query change"]


def test_passwords_among_the_variables_of_ocpp_are_secrets():
    def with_password(text):
        return site(ocpp=dict(OCPP, config={"SecurityCtrlr.BasicAuthPassword": text, "ClockCtrlr.TimeZone": "x"}))

    assert lines(with_password("one"), with_password("two")) == ["ocpp.config.SecurityCtrlr.BasicAuthPassword: a secret changes"]
    shown, found = without_secrets(with_password("one"), "", []), []
    assert shown["ocpp"]["config"]["SecurityCtrlr.BasicAuthPassword"] is None and shown["ocpp"]["config"]["ClockCtrlr.TimeZone"] == "x"
    fill_secrets(shown, with_password("one"), "", found, [])
    assert shown == with_password("one") and "ocpp.config.SecurityCtrlr.BasicAuthPassword" in found
    for name in ("SecurityCtrlr/BasicAuthPassword/Actual", "SecurityCtrlr/BasicAuthPassword/.x", "securityctrlr.basicauthpassword"):
        one, two = [site(ocpp=dict(OCPP, config={name: text})) for text in ("one", "two")]
        assert [line.split(": ")[1] for line in lines(one, two)] == ["a secret changes"]


def test_a_changed_address_of_a_bus_is_shown_without_a_password():
    one, two = site(), site()
    one["buses"][0]["port"], two["buses"][0]["port"] = "socket://u:horse@one", "socket://u:staple@one"
    assert lines(one, two) == ["buses[rs485-1].port: user, password or query change"]


def test_a_changed_secret_is_a_change_without_its_value():
    told = lines(site(ocpp=OCPP), site(ocpp=dict(OCPP, password="battery-staple")))
    assert told == ["ocpp.password: a secret changes"]
