"""The lease of a secondary: who may grant, for how long, and what holds when nobody does."""

from ampacity.bus.leases.lease import Lease, newer

NOW = 2**30 - 500
A, B = 0x11111111, 0x22222222


def lease(power_on_da=0):
    return Lease(60, 160, power_on_da, 30000)


def test_before_any_grant_the_power_on_value_is_in_force():
    assert lease(0).limit_da(NOW) == 0
    assert lease(60).limit_da(NOW) == 60
    assert lease().state(NOW) == "fallback"


def test_a_grant_is_in_force_until_its_lease_lapses_and_then_the_fallback():
    one = lease()
    assert one.grant(A, 1, 1, 10000, 120, NOW)
    assert one.limit_da(NOW + 9999) == 120
    assert one.remaining_ms(NOW + 4000) == 6000
    assert one.limit_da(NOW + 10000) == 60
    assert one.state(NOW + 10000) == "fallback"


def test_a_lapsed_lease_stays_lapsed_when_the_clock_goes_back():
    one = lease()
    one.grant(A, 1, 1, 10000, 120, NOW)
    one.limit_da(NOW + 10000)
    assert one.limit_da(NOW) == 60


def test_a_grant_is_limited_to_the_maximum_and_the_longest_lease():
    one = lease()
    one.grant(A, 1, 1, 10**6, 999, NOW)
    assert one.limit_da(NOW) == 160
    assert one.remaining_ms(NOW) == 30000


def test_only_a_newer_sequence_counts_modulo_half_the_range():
    one = lease()
    assert one.grant(A, 1, 0xFFFE, 10000, 100, NOW)
    for old in (0xFFFE, 0xFFFD, 0x8000, 0x7FFE):
        assert not one.grant(A, 1, old, 10000, 150, NOW + 1), old
    assert one.refused == 4 and one.limit_da(NOW + 1) == 100
    assert one.grant(A, 1, 2, 10000, 150, NOW + 1)
    assert newer(0, 0xFFFF) and not newer(0xFFFF, 0) and not newer(5, 5)


def test_a_refused_grant_renews_nothing():
    one = lease()
    one.grant(A, 1, 5, 10000, 100, NOW)
    one.grant(A, 1, 5, 10000, 100, NOW + 9000)
    assert one.state(NOW + 10000) == "fallback"


def test_a_newer_boot_epoch_counts_whatever_its_sequence_and_an_older_one_never():
    one = lease()
    one.grant(A, 7, 5000, 10000, 100, NOW)
    assert one.grant(A, 8, 1, 10000, 90, NOW + 1)
    assert not one.grant(A, 7, 5001, 10000, 150, NOW + 2)
    assert not one.grant(A, 7, 5001, 10000, 150, NOW + 20000)


def test_another_primary_is_obeyed_only_after_the_lease_has_lapsed():
    one = lease()
    one.grant(A, 1, 1, 10000, 100, NOW)
    assert not one.grant(B, 9, 9, 10000, 150, NOW + 9999)
    assert one.grant(B, 1, 1, 10000, 80, NOW + 10000)
    assert not one.grant(A, 1, 2, 10000, 150, NOW + 10001)


def test_a_grant_without_identity_duration_or_sense_is_refused():
    one = lease()
    assert not one.grant(0, 1, 1, 10000, 100, NOW)
    assert not one.grant(A, 1, 1, 0, 100, NOW)
    assert not one.grant(A, 1, 1, 10000, -1, NOW)
    assert one.limit_da(NOW) == 0
