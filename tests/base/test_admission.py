"""Who is let in at a door that anybody can reach, and who goes when it is full."""

from ampacity.base.admission import Admission
from ampacity.base.log import Log
from ampacity.base.rate_limited_log import RateLimitedLog
from counted_platform import Platform


def admission(places=2, waiting=3, least_ms=0):
    platform, told = Platform(), []
    return platform, told, Admission(platform, places, waiting, lambda text, now_ms: told.append(text), least_ms)


def test_of_those_who_say_nothing_so_many_are_there_and_the_first_of_them_goes():
    platform, told, door = admission()
    clients = [door.enter(n) for n in range(1200)]
    assert platform.aborted == list(range(1197)) and door.count == 3 and len(clients) == 1200
    assert (door.clients, door.turned_away) == (1200, 1197)


def test_who_has_spoken_keeps_its_place_against_any_number_that_say_nothing():
    platform, told, door = admission()
    first, second = door.enter("a"), door.enter("b")
    assert door.heard(first) and door.heard(second)
    for n in range(100):
        door.enter(n)
    assert platform.aborted == list(range(97)) and door.heard(first)


def test_who_speaks_takes_the_place_of_the_one_that_is_silent_longest():
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


def test_who_waits_for_its_answer_or_has_shown_who_it_is_keeps_its_place_before_those_that_spoke_later():
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


def test_who_is_known_from_the_start_goes_after_all_strangers_waiting_or_served_and_busy_or_not():
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


def test_a_stranger_takes_no_place_from_those_who_are_known():
    platform, told, door = admission(places=2, waiting=2)
    known = [door.enter("a", True), door.enter("b", True)]
    for client in known:
        assert door.heard(client)
    stranger = door.enter("stranger")
    assert not door.heard(stranger) and platform.aborted == ["stranger"] and not door.has(stranger)
    assert door.heard(door.enter("c", True)) and platform.aborted == ["stranger", "a"]


def test_where_a_place_is_kept_for_a_time_the_newcomer_goes_until_then():
    platform, told, door = admission(places=1, waiting=1, least_ms=2000)
    old, new = door.enter("old"), None
    assert door.heard(old)
    new = door.enter("new")
    assert not door.heard(new) and platform.aborted == ["new"]
    platform.ms = 2000
    last = door.enter("last")
    assert door.heard(last) and platform.aborted == ["new", "old"] and not door.heard(old)


def test_the_time_for_which_a_place_is_kept_begins_when_it_is_taken_and_only_once():
    platform, told, door = admission(places=1, waiting=2, least_ms=2000)
    slow = door.enter("slow")
    platform.ms = 5000
    assert door.heard(slow)
    platform.ms = 6900
    assert door.heard(slow) and not door.heard(door.enter("new")) and platform.aborted == ["new"]
    platform.ms = 7000
    assert door.heard(door.enter("last")) and platform.aborted == ["new", "slow"]


def test_that_no_place_is_free_is_told_each_time_and_who_tells_leaves_out_what_comes_too_often():
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


def test_who_leaves_gives_its_place_and_the_end_of_the_door_ends_all():
    platform, told, door = admission()
    first = door.enter("a")
    door.heard(first)
    door.leave(first)
    door.leave(first)
    assert door.count == 0
    door.enter("b")
    door.close()
    assert platform.aborted == ["b"] and door.count == 0
