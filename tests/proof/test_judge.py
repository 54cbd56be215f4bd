"""What the judge of the worlds excuses, and what it takes from the plant alone."""

from pathlib import Path

from tests.proof.anypolicy import EXCUSES
from tests.proof.worlds import WORLDS


def test_a_car_that_obeys_is_no_excuse_for_an_overload_and_one_above_its_order_only_for_what_it_is_above():
    for own_da, beside_da, wrong in ((0, 210, True), (120, 100, False), (120, 160, False), (50, 210, True), (50, 160, True)):
        world = WORLDS["disobeying"]()
        world.devices[0].boost_da, world.devices[1].boost_da = own_da, beside_da
        world.devices[0].old_da = 0 if own_da == 120 else 45
        assert bool(world.over()) == wrong, (own_da, beside_da)


def test_a_car_above_its_order_is_excused_for_so_many_steps_and_no_more():
    world = WORLDS["disobeying"]()
    world.devices[0].boost_da, world.devices[1].boost_da = 120, 100
    over = []
    for _ in range(20):
        over.append(bool(world.over()))
        world.on_advance()
    assert over == [False] * 16 + [True] * 4


def believed_paused(name):
    """A world whose guard takes everybody for paused, by orders of an earlier life that the devices hold."""
    world = WORLDS[name]()
    for device in world.devices:
        device.lease.grant(1, world.epoch - 1, 1, 15_000, 0, world.now)
        device.old_da = 0
    for s in world.guard.ledger.evse_states:
        s.paused_proven = True
    world.over()
    world.encode()
    return world


def test_another_cable_is_laid_when_the_devices_rest_whatever_the_guard_believes():
    assert believed_paused("rerated").wiring.ratings == [160]
    assert not believed_paused("change").moved


def test_a_device_rests_for_the_judge_after_it_answered_with_an_order_of_this_life_and_its_car_has_settled():
    world = WORLDS["rerated"]()
    device, paused = world.devices[0], world.paused
    for epoch, rests in ((world.epoch - 1, False), (world.epoch, True)):
        paused.forget()
        device.lease.grant(1, epoch, 1, 15_000, 0, world.now)
        device.old_da = 80
        paused.answered(0, world.epoch, world.now)
        paused.look(world.now)
        assert not paused.rested
        device.old_da = 0
        paused.look(world.now)
        assert bool(paused.rested) == rests


def test_the_safety_case_lists_every_world_whose_judge_excuses_something():
    text = (Path(__file__).resolve().parents[2] / "docs" / "safety-case.md").read_text()
    table = text.partition("| where | what | amperes, at most |")[2].partition("\n\n")[0]
    listed = [row.split("|")[1] for row in table.splitlines() if row.count("|") > 2]
    excused = [name for name in WORLDS if any([getattr(WORLDS[name](), field, 0) for field in EXCUSES])]
    assert len(excused) > 10 and not [name for name in excused if not any(["`%s`" % name in row for row in listed])]
