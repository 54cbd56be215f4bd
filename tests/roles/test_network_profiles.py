"""Which CSMS the link is told to try: network profiles in their order, each so many times, and never a less secure one."""

from helper_csms import certified
from helper_garage import Garage, site

from ampacity.base.document_shape import check_shape
from ampacity.base.url import parse_url, peer_facts
from ampacity.net.websocket import WebSocketClient
from ampacity.ocpp.security.security_events import security_rows
from ampacity.roles.charging.network_profiles import FLOOR_DOC
from check import raises

OCPP = {"version": "2.0.1", "identity": "T-1", "url": "ws://one.example", "security_profile": 1, "password": "0123456789abcdef"}
SECOND = {"1": None, "2": {"url": "ws://two.example", "security_profile": 1, "timeout_s": 30, "interface": "Wired0"}}


def garage(network=None, priority="1", floor=None):
    """A primary after a start at which the store holds these network profiles."""
    one = Garage(site(ocpp=dict(OCPP, config={"OCPPCommCtrlr.NetworkProfileConnectionAttempts": "2"})))
    documents = one.primary.documents
    if network:
        documents.put("ocpp_network", {slot: each for slot, each in network.items() if each})
        one.start()
        certified(one.primary.upstream.station)
        one.primary.upstream.variable("OCPPCommCtrlr", "NetworkConfigurationPriority", priority, 0)
    if floor:
        documents.put(FLOOR_DOC, {"security_profile": floor})
    return one.start()


def tried(one, times):
    """The URLs of so many attempts, all of which fail."""
    urls = []
    for n in range(times):
        one.primary.upstream.link.before_attempt(n)
        urls.append(one.primary.upstream.config.url.partition("//")[2][:3])
    return urls


def test_without_others_the_profile_of_the_site_file_is_tried_permanently():
    assert tried(garage(), 7) == ["one"] * 7


def test_profiles_take_turns_in_their_order_each_with_its_attempts():
    one = garage(SECOND, "2,1")
    assert tried(one, 8) == ["two", "two", "one", "one", "two", "two", "one", "one"]
    assert any(["trying network profile 1: ws://one" in line[3] for line in one.log.since(0)])


def test_a_profile_that_connected_has_all_its_attempts_again():
    one = garage(SECOND, "1,2")
    assert tried(one, 2) == ["one", "one"]
    profiles = one.primary.upstream.network_profiles
    profiles.opened(5)
    profiles.connected(5)
    profiles.closed(20000)
    assert tried(one, 3) == ["one", "one", "two"]


def test_a_profile_works_only_once_its_csms_accepted_the_station():
    accept = '[3,"%s",{"currentTime":"2026-11-20T12:00:00Z","interval":300,"status":"Accepted"}]'
    for answers, urls in ((False, ["two", "one", "one", "two"]), (True, ["two", "two", "one", "one"])):
        one = garage(SECOND, "2,1")
        acting = one.primary.upstream.link._station
        assert tried(one, 1) == ["two"]
        acting.connected(1000)
        text = acting.next(1000)[0]
        if answers:
            acting.receive(accept % text.split('"')[1], 1100)
            acting.next(1200)
        acting.disconnected(20000)
        assert tried(one, 4) == urls, answers


def test_profiles_are_read_at_the_start():
    one = garage(None, "1")
    one.primary.documents.put("ocpp_network", {"1": SECOND["2"]})
    assert tried(one, 3) == ["one"] * 3
    assert tried(one.start(), 3) == ["two"] * 3


def test_after_a_tls_connection_no_plain_profile_of_a_csms_is_tried():
    secure = {"2": {"url": "wss://two.example", "security_profile": 2, "timeout_s": 30, "interface": "Wired0"}}
    one = garage(secure, "2,1")
    assert tried(one, 3) == ["two", "two", "one"]
    config = one.primary.upstream.config
    one.start()
    config = one.primary.upstream.config
    assert config.secure and config.tls is None and "root_pem" in config.unusable  # no root was given: it cannot be used
    one.primary.upstream.network_profiles.connected(5)
    assert tried(one, 5) == ["two"] * 5
    assert tried(one.start(), 5) == ["two"] * 5
    assert one.primary.upstream.station.config["security_profile"] == 1  # until it connects


def test_the_site_file_may_return_to_plain():
    one = garage(floor=2)
    assert tried(one, 2) == ["one", "one"] and not one.primary.upstream.config.secure
    assert one.primary.upstream.config.password == OCPP["password"]


def test_the_log_shows_no_password_and_no_query_of_an_upstream():
    one = garage({"2": dict(SECOND["2"], url="ws://two.example/a?token=SECRET")}, "2,1", floor=1)
    tried(one, 5)
    one.facts["ocpp"] = dict(one.facts["ocpp"], url="ws://u:SECRET@new.example?token=SECRET")
    told = [line[3] for line in one.log.since(0)] + [line[3] for line in one.start().log.since(0)]
    assert any(["to ws://***@new.example" in line for line in told]), told
    assert any(["trying network profile 2: ws://two.example/a" in line for line in told]), told
    assert [line for line in told if "SECRET" in line] == []


def test_another_upstream_in_the_site_file_wins_over_what_a_csms_had_set():
    one = garage(SECOND, "2,1", floor=1)
    assert tried(one, 1) == ["two"]
    one.facts["ocpp"] = dict(one.facts["ocpp"], url="ws://new.example")
    assert tried(one.start(), 5) == ["new"] * 5
    assert any(["changed by the site file to ws://new.example" in line[3] for line in one.log.since(0)])
    assert tried(one.start(), 5) == ["new"] * 5 and not any(["names another" in line[3] for line in one.log.since(0)])


SECURE = {"2": {"url": "wss://two.example", "security_profile": 2, "timeout_s": 30, "interface": "Wired0"}}


def stood_with_tls():
    """A station that its CSMS has moved to TLS, with another password, and that has stood there."""
    one = garage(SECURE, "2")
    for step in ("before_attempt", "opened", "connected"):
        getattr(one.primary.upstream.network_profiles, step)(5)
    one.primary.documents.put("ocpp_secret", {"password": "rotated-by-the-csms", "url": OCPP["url"], "security_profile": 1})
    return one


def test_a_password_of_the_csms_is_not_sent_to_another_one():
    one = garage()
    one.primary.upstream.station.new_password("rotated-by-the-csms", 1)
    assert one.start().primary.upstream.config.password == "rotated-by-the-csms"
    for url, password in (("ws://new.example", OCPP["password"]), (OCPP["url"] + "/moved", "rotated-by-the-csms")):
        one.facts["ocpp"] = dict(one.facts["ocpp"], url=url)
        assert one.start().primary.upstream.config.password == password, url


def test_a_password_of_the_csms_that_an_earlier_version_kept_is_for_the_upstream_of_this_start():
    one = garage()
    one.primary.documents.put("ocpp_secret", {"password": "rotated-by-the-csms"})
    assert one.start().primary.upstream.config.password == "rotated-by-the-csms"
    assert one.primary.documents.get("ocpp_secret")["url"] == OCPP["url"]
    one.facts["ocpp"] = dict(one.facts["ocpp"], url="ws://new.example")
    assert one.start().primary.upstream.config.password == OCPP["password"]


def test_a_password_of_the_csms_holds_for_a_version_before_that_knew_the_password_alone():
    one = garage()
    one.primary.upstream.station.new_password("rotated-by-the-csms", 1)
    assert check_shape(one.primary.documents.get("ocpp_secret"), "{password:s64}") is None


def test_a_password_of_the_csms_is_not_sent_behind_another_root_certificate():
    one = garage()
    station = one.primary.upstream.station
    for profile, password in ((1, "rotated-by-the-csms"), (2, None)):
        station.config["site"] = peer_facts({"url": OCPP["url"], "security_profile": profile, "root_pem": "ONE"})
        station.new_password("rotated-by-the-csms", 1)
        assert station.password() == "rotated-by-the-csms"
        station.config["site"] = peer_facts({"url": OCPP["url"], "security_profile": profile, "root_pem": "OTHER"})
        assert station.password() == password, profile


def goes_nowhere(one):
    link = one.start().primary.upstream.link
    link.before_attempt(1)
    with raises(ValueError) as e:
        link._schemes()
    return "site file" in str(e.error)


def test_a_missing_or_damaged_network_document_does_not_lead_from_tls_to_plain():
    one = stood_with_tls()
    assert one.start().primary.upstream.config.secure
    for name in ("ocpp_network", "ocpp_vars"):
        kept = one.files.read(name + ".set")
        one.files.remove(name + ".set")
        assert goes_nowhere(one), name
        one.files.replace(name + ".set", kept[:-1] + b"x")
        assert goes_nowhere(one), name
        one.files.replace(name + ".set", kept)


def test_a_missing_network_document_leaves_the_csms_that_worked_last_over_tls():
    one = stood_with_tls()
    one.primary.upstream.network_profiles.closed(20000)
    one.files.remove("ocpp_network.set")
    one.start()
    assert tried(one, 6) == ["one"] * 2 + ["two"] * 2 + ["one"] * 2
    one.primary.upstream.link.before_attempt(7)
    assert one.primary.upstream.config.secure


def test_a_missing_or_damaged_security_floor_does_not_lead_from_tls_to_plain():
    for damage in ("gone", "damaged"):
        one = stood_with_tls()
        one.primary.documents.put("ocpp_vars", {})  # the priority points at the site file's own
        kept = one.files.read(FLOOR_DOC + ".set")
        one.files.remove(FLOOR_DOC + ".set")
        if damage == "damaged":
            one.files.replace(FLOOR_DOC + ".set", kept[:-1] + b"x")
        assert goes_nowhere(one), damage


def test_the_site_file_overrides_even_a_damaged_document():
    one = stood_with_tls()
    one.files.replace(FLOOR_DOC + ".set", b"x")
    one.files.remove("ocpp_network.set")
    assert goes_nowhere(one)
    one.facts["ocpp"] = dict(one.facts["ocpp"], url="ws://new.example")
    assert tried(one.start(), 2) == ["new", "new"] and one.primary.upstream.config.unusable is None
    assert tried(one.start(), 2) == ["new", "new"] and one.primary.upstream.config.unusable is None


def test_a_refusal_is_reported_once_by_its_ocpp_event_name():
    one = garage()
    for text in ("x speaks no TLS 1.2 or newer", "x speaks no TLS 1.2 or newer", "the certificate of x has expired"):
        one.primary.upstream.link.failed("failed", "no connection to wss://x: tls: " + text)
    told = [line[3] for line in one.log.since(0) if line[3].startswith("security: Invalid")]
    assert told == ["security: InvalidTLSVersion x speaks no TLS 1.2 or newer", "security: InvalidCsmsCertificate the certificate of x has expired"]


def in_security_log(one):
    """kind and info of what the CSMS is not told."""
    station = one.primary.upstream.station
    rows = [(kind, info) for _, kind, info in security_rows(station)]
    others = [row for row in rows if row[0] not in ("StartupOfTheDevice", "ResetOrReboot")]
    assert station.queue.count == len(rows) - len(others)
    return others


def answered_upgrade(one, answer):
    """A server answers the upgrade of the link: what the connection says of it then."""
    link = one.primary.upstream.link
    socket = WebSocketClient(parse_url("ws://one.example/T-1"), ("ocpp2.0.1",), "T-1", "0123456789abcdef", entropy=bytes)
    socket.start()
    for event in socket.receive(answer):
        assert event[0] == "error"
        link.failed(socket.fault, "link error: " + event[1])


def test_A04_FR_04_a_station_that_the_csms_does_not_know_finds_it_in_its_security_log_once():
    for status in (b"401 Unauthorized", b"403 Forbidden"):
        one = garage()
        for _ in range(3):
            answered_upgrade(one, b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        ((kind, info),) = in_security_log(one)
        assert kind == "FailedToAuthenticateAtCsms" and info == "link error: the server refused the upgrade: HTTP " + status.decode()


def test_another_refusal_of_the_upgrade_is_no_security_event_whatever_its_text():
    for answer in (b"HTTP/1.1 404 HTTP 401\r\n\r\n", b"HTTP/1.1 500 tls: the certificate speaks no TLS 1.2\r\n\r\n", b"SSH-2.0 HTTP 401\r\n\r\n"):
        one = garage()
        answered_upgrade(one, answer)
        assert in_security_log(one) == [], answer


def test_A04_FR_04_floods_and_frames_that_are_none_are_in_the_security_log_once():
    for counter in ("flooded", "garbage", "oversized", "utf8"):
        one = garage()
        for _ in range(3):
            one.primary.upstream.link.failed(counter, "link lost: " + counter)
        one.run(600000)
        one.primary.upstream.link.failed(counter, "link lost: " + counter)
        assert in_security_log(one) == [("InvalidMessages", "link lost: " + counter)]
    for counter in ("failed", "silent", "unaccepted"):
        one.primary.upstream.link.failed(counter, "link lost: " + counter)
    assert len(in_security_log(one)) == 1


async def waited_ms(source_after_ms, security_profile, ntp="ntp.example"):
    """For how long the first attempt waits, and whether the clock was set by then."""
    ocpp = dict(OCPP, url="wss://one.example", security_profile=security_profile)
    one = Garage(site(ocpp=ocpp, time={"tz": "UTC0", "ntp": ntp}))
    primary, clock = one.primary, one.platform.clock
    begun_ms, found = clock.now_ms(), []

    async def sleep_ms(duration_ms):
        clock.us += duration_ms * 1000
        if clock.now_ms() - begun_ms >= source_after_ms:
            primary.wallclock.set_unix(1780000000000, "ntp", clock.now_ms())

    async def run():
        found.append((clock.now_ms() - begun_ms, primary.wallclock.source))

    clock.sleep_ms, primary.upstream.link.run = sleep_ms, run
    await primary._run_upstream()
    return found[0]


async def test_a_controller_without_a_clock_requests_the_time_before_it_checks_a_certificate():
    assert await waited_ms(3000, 2) == (3000, "ntp")
    assert await waited_ms(10**9, 2) == (20000, None)
    assert await waited_ms(3000, 1) == (0, None)
    assert await waited_ms(3000, 2, None) == (0, None)


def test_a_connection_on_which_the_csms_answers_nothing_is_left():
    one = garage()
    upstream, left, now_ms = one.primary.upstream, [], 1000
    upstream.link.leave = lambda counter, text: left.append((counter, text))
    upstream.station.connected(now_ms)
    sent = []
    for _ in range(200):
        text, _ = upstream.station.next(now_ms)
        if text is not None:
            sent.append(text)
        upstream.act(now_ms)
        now_ms += 1000
    assert [text.split('"')[3] for text in sent[:2]] == ["BootNotification"] * 2
    assert left[0] == ("silent", "link lost: the CSMS answers no requests")
