"""The numbers of grants: they only rise, over outages of any length, restarts, a failing store and one that was copied back."""

from helper_line import IDENTITY
from test_broadcast_driver import Site

from ampacity.bus.leases.grant_numbers import EPOCH_LEAD, EPOCH_NUMBERS, GrantNumbers
from ampacity.bus.leases.lease import Lease

SECOND = 1  # numbers: about one grant a second leaves
HOUR, DAY, WEEK = 3600 * SECOND, 86400 * SECOND, 604800 * SECOND


def keep(numbers):
    """What the housekeeping does."""
    epoch = numbers.epoch_to_keep()
    if epoch is not None:
        numbers.kept(epoch)


def give(numbers, count, keeps=True):
    """So many grants for somebody else; the last number."""
    number = 0
    for _ in range(count):
        if keeps:
            keep(numbers)
        number = numbers.next()
    return number


def parts(number):
    return number >> 16, number & 0xFFFF


def test_a_unit_takes_grants_after_an_outage_of_any_length():
    for outage in (SECOND, 9 * HOUR, 10 * HOUR, 13 * HOUR, 18 * HOUR, DAY, 3 * DAY, WEEK):
        numbers, lease = GrantNumbers(IDENTITY, 1), Lease(60, 160, 0)
        assert lease.grant(IDENTITY, *parts(numbers.next()), 10000, 100, 0)
        give(numbers, outage)
        assert lease.grant(IDENTITY, *parts(numbers.next()), 10000, 100, outage * 1000 + 20000), outage


def test_a_copy_of_any_age_is_refused_during_the_lease_and_after_it():
    numbers, lease = GrantNumbers(IDENTITY, 1), Lease(60, 160, 0)
    copies, now_ms = [], 0
    for count in range(3 * 65536):
        keep(numbers)
        number = numbers.next()
        now_ms += 1000
        assert lease.grant(IDENTITY, *parts(number), 10000, 100, now_ms), count
        if count % 1000 == 0:
            copies.append(number)
            for copy in copies:
                assert not lease.grant(IDENTITY, *parts(copy), 10000, 160, now_ms)
    for copy in copies:
        assert not lease.grant(IDENTITY, *parts(copy), 10000, 160, now_ms + 60000)


def test_numbers_rise_over_restarts_and_the_end_of_an_epoch():
    epoch, last = 7, 0
    for used in (1, EPOCH_NUMBERS - 1, EPOCH_NUMBERS, EPOCH_NUMBERS + 1, 2 * EPOCH_NUMBERS + 5):
        numbers = GrantNumbers(IDENTITY, epoch + 1)
        epoch += 1
        for _ in range(used):
            wanted = numbers.epoch_to_keep()
            if wanted is not None:
                epoch = wanted
                numbers.kept(wanted)
            number = numbers.next()
            assert number > last
            last = number


def test_the_order_of_grants_continues_after_the_sixteen_bits_of_the_epoch_end():
    numbers, lease = GrantNumbers(IDENTITY, 0xFFFF), Lease(60, 160, 0)
    assert lease.grant(IDENTITY, *parts(numbers.next()), 10000, 100, 0)
    give(numbers, EPOCH_NUMBERS)
    number = numbers.next()
    assert parts(number)[0] == 0 and lease.grant(IDENTITY, *parts(number), 10000, 90, 1)


def test_an_epoch_is_used_only_after_the_store_has_recorded_it():
    numbers = GrantNumbers(IDENTITY, 3)
    give(numbers, EPOCH_NUMBERS - EPOCH_LEAD - 1)
    assert numbers.epoch_to_keep() is None
    give(numbers, 1)
    assert numbers.epoch_to_keep() == 4
    assert parts(give(numbers, EPOCH_LEAD + 20, keeps=False)) == (3, EPOCH_NUMBERS + 20), "a failing store stops nothing"
    numbers.kept(4)
    assert numbers.epoch_to_keep() is None and parts(numbers.next()) == (4, 1)


def test_a_number_that_no_grant_used_is_issued_again():
    numbers = GrantNumbers(IDENTITY, 3)
    number = numbers.next()
    numbers.take_back()
    assert numbers.next() == number


def test_a_restored_old_store_is_detected_by_the_numbers_of_a_lapsed_unit():
    numbers = GrantNumbers(IDENTITY, 3)
    numbers.shown(2, 500)
    numbers.shown(3, 0)
    assert numbers.epoch_to_keep() is None
    numbers.shown(3, 1)
    assert numbers.epoch_to_keep() == 4
    numbers.shown(9, 30000)
    numbers.shown(8, 1)
    assert numbers.epoch_to_keep() == 10
    assert parts(numbers.next()) == (3, 1), "not before it is kept"
    numbers.kept(10)
    assert parts(numbers.next()) == (10, 1) and numbers.epoch_to_keep() is None


# on a line


def cut_off(numbers_meanwhile):
    """Two units, of which the first hears nothing while so many grants leave for others."""
    site = Site([1, 2])
    site.wire.run(1000)
    site.want(100, 100)
    site.wire.run(1000)
    site.stations[0].on = False
    site.wire.run(15000)
    give(site.table.numbers, numbers_meanwhile)
    site.wire.run(500)
    site.stations[0].on = True
    return site


def test_a_unit_that_returns_after_half_a_day_charges_within_seconds():
    for meanwhile in (0, 32000, 40000, 65000):
        site = cut_off(meanwhile)
        site.wire.run(3000)
        assert site.limits() == [100, 100] and site.stations[0].lease.refused == 0
        assert site.guard.of("proven", 0)[-1][3] == 100


def test_at_the_end_of_an_epoch_no_number_is_sent_twice_and_no_order_remains_unproven():
    site = Site([1, 2, 3])
    site.wire.run(1000)
    site.want(100, 100, 100)
    site.wire.run(3000)
    numbers = site.table.numbers
    give(numbers, EPOCH_NUMBERS - numbers.used - 1)
    keep(numbers)
    since = len(site.wire.frames)
    site.wire.run(20000)
    times = [f[0] for f in site.frames(0, since)]
    assert len(times) <= 9 and site.limits() == [100] * 3
    assert {s.lease.epoch for s in site.stations} == {2}


def test_after_a_restart_with_an_older_store_every_unit_obeys_again():
    site = Site([1, 2])
    site.wire.run(1000)
    give(site.table.numbers, 3 * EPOCH_NUMBERS)
    site.want(100, 100)
    site.wire.run(2000)
    numbers = site.table.numbers = GrantNumbers(IDENTITY, 2)
    for _ in range(80):
        keep(numbers)
        site.wire.run(200)
    assert site.limits() == [100, 100]
    assert parts(numbers.next())[0] > 4


def test_a_unit_under_another_primary_with_the_same_numbers_is_not_taken_over():
    """Only what has lapsed may move our numbers: while it is leased somebody lives who gives them."""
    site = Site([1])
    site.wire.run(1000)
    station = site.stations[0]
    for _ in range(50):
        station.lease.grant(IDENTITY, 40, station.lease.sequence + 1, 10000, 60, site.now_ms())
        keep(site.table.numbers)
        site.wire.run(200)
    assert site.table.numbers.epoch == 1 and site.limits() == [60]
