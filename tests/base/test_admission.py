"""Who is let in at a door that anybody can reach, and who goes when it is full."""

from ampacity.base.admission import Admission
from ampacity.base.log import Log
from ampacity.base.rate_limited_log import RateLimitedLog
from counted_platform import Platform


def admission(places=2, waiting=3, least_ms=0):
    platform, told = Platform(), []
    return platform, told, Admission(platform, places, waiting, lambda text, now_ms: told.append(text), least_ms)


def test_the_number_of_silent_clients_is_bounded_and_the_first_is_dropped():
    platform, told, door = admission()
    clients = [door.enter(n) for n in range(1200)]
    assert platform.aborted == list(range(1197)) and door.count == 3 and len(clients) == 1200
    assert (door.clients, door.turned_away) == (1200, 1197)


def test_a_client_that_sent_data_keeps_its_place_against_any_number_of_silent_ones():
    platform, told, door = admission()
    first, second = door.enter("a"), door.enter("b")
    assert door.heard(first) and door.heard(second)
    for n in range(100):
        door.enter(n)
    assert platform.aborted == list(range(97)) and door.heard(first)


def test_a_client_that_sends_data_replaces_the_one_silent_for_longest():
    platform, told, door = admission()
    clients = {}
    for name in ("a", "b", "c"):
        platform.ms += 10
        clients[name] = door.enter(name)
        if name == "c":
            assert door.heard(clients["a"])
        assert door.heard(clients[name])
    assert platform.aborted == ["b"]
    assert door.heard(clients["a"]) and door.heard(clients["c"]) and not door.heard(clients["b"])


def test_a_waiting_or_identified_client_keeps_its_place_before_later_ones():
    for busy, known in ((True, False), (False, True)):
        platform, told, door = admission()
        clients = []
        for name in ("a", "b"):
            platform.ms += 10
            clients.append(door.enter(name))
            assert door.heard(clients[-1])
        door.answering(clients[0], busy, known)
        for n in range(5):
            platform.ms += 10
            assert n == 0 or door.heard(clients[-1])
            clients.append(door.enter(n))
            assert door.heard(clients[-1])
        assert platform.aborted == ["b", 0, 1, 2, 3] and door.heard(clients[0])
        door.answering(clients[0], False)
        platform.ms += 10
        assert door.heard(clients[-1])
        assert door.heard(door.enter("c")) and platform.aborted[-1] == "a"


def test_a_known_client_is_dropped_only_after_all_unknown_ones():
    platform, told, door = admission(places=2, waiting=2)
    known = door.enter("known", True)
    for n in range(5):
        platform.ms += 10
        door.enter(n)
    assert platform.aborted == [0, 1, 2, 3] and door.heard(known)
    for n in range(5, 9):
        platform.ms += 10
        stranger = door.enter(n)
        assert door.heard(stranger)
        door.answering(stranger, True)
    assert "known" not in platform.aborted and 5 in platform.aborted and door.heard(known)
    full = admission(places=2, waiting=1)[2]
    full.enter("known", True)
    assert not full.heard(full.enter("stranger"))


def test_an_unknown_client_takes_no_place_from_known_ones():
    platform, told, door = admission(places=2, waiting=2)
    known = [door.enter("a", True), door.enter("b", True)]
    for client in known:
        assert door.heard(client)
    stranger = door.enter("stranger")
    assert not door.heard(stranger) and platform.aborted == ["stranger"] and not door.has(stranger)
    assert door.heard(door.enter("c", True)) and platform.aborted == ["stranger", "a"]


def test_while_a_place_is_guaranteed_the_new_client_is_dropped():
    platform, told, door = admission(places=1, waiting=1, least_ms=2000)
    old, new = door.enter("old"), None
    assert door.heard(old)
    new = door.enter("new")
    assert not door.heard(new) and platform.aborted == ["new"]
    platform.ms = 2000
    last = door.enter("last")
    assert door.heard(last) and platform.aborted == ["new", "old"] and not door.heard(old)


def test_the_guaranteed_time_of_a_place_begins_once_when_it_is_taken():
    platform, told, door = admission(places=1, waiting=2, least_ms=2000)
    slow = door.enter("slow")
    platform.ms = 5000
    assert door.heard(slow)
    platform.ms = 6900
    assert door.heard(slow) and not door.heard(door.enter("new")) and platform.aborted == ["new"]
    platform.ms = 7000
    assert door.heard(door.enter("last")) and platform.aborted == ["new", "slow"]


def test_every_lack_of_a_place_is_reported_and_the_log_limits_repetitions():
    platform, told, door = admission(waiting=1)
    log = Log()
    seldom = RateLimitedLog(log, "door")
    for n in range(50):
        platform.ms += 1000
        door.enter(n)
        if told:
            seldom.add(told[-1], platform.ms)
    assert len(told) == 49
    assert told[0] == "no connection slot free: connection closed, 1 so far; 2 clients connected, 1 more may wait"
    lines = [text for _n, _ms, _level, text in log.since(0)]
    assert len(lines) == 5 and lines[0] == "door: " + told[0] and lines[1].endswith("(9 similar lines suppressed)")


def test_a_client_that_leaves_frees_its_place_and_closing_the_door_ends_all():
    platform, told, door = admission()
    first = door.enter("a")
    door.heard(first)
    door.leave(first)
    door.leave(first)
    assert door.count == 0
    door.enter("b")
    door.close()
    assert platform.aborted == ["b"] and door.count == 0
