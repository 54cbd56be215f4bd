"""Primaries below primaries whose charging points have reserves: all who may charge do, in turn where the grant is small."""

from helper_hierarchy import SETTINGS, Leaf, Node, Street

ON_MICROPYTHON_EACH = 6
SLOT_MS = 40000


def garage(name, unit, reserves, rating_da=630, **changes):
    """Charging points a, b, … of a garage with these reserves."""
    leaves = [Leaf(name + "-" + "abcdef"[place], 2 + place, fallback_da=da) for place, da in enumerate(reserves)]
    node = Node(name, unit, rating_da, leaves, **changes)
    node.site["settings"] = dict(SETTINGS, slot_s=SLOT_MS // 1000)
    return node


def town_of(rating_da, *below):
    """A street that is plugged full, those without a reserve first."""
    town = Street(Node("street", 0, rating_da, list(below))).run(15000)
    leaves = leaves_of(town.top)
    for leaf in leaves:
        if not leaf.facts["fallback_da"]:
            leaf.port.car = "C"
    town.run(2000)
    town.plug_all()
    return town


def leaves_of(node):
    out = []
    for child in node.below:
        out += leaves_of(child) if isinstance(child, Node) else [child]
    return out


def charged(town, duration_ms):
    """Names of all that charged within that time."""
    names = []
    for _ in range(duration_ms // 1000):
        town.run(1000)
        for leaf in leaves_of(town.top):
            if leaf.port.amps_da[0] >= 58 and leaf.name not in names:
                names.append(leaf.name)
    assert town.over_rating() == []
    return sorted(names)


def all_names(town):
    return sorted([leaf.name for leaf in leaves_of(town.top)])


def test_a_grant_equal_to_the_reserves_feeds_these_evses_and_the_child_stays_active():
    town = town_of(160, garage("left", 2, [0, 0, 60, 60]))
    assert charged(town, 60000) == ["left-c", "left-d"]
    town.run(330000)
    assert sum([town.node("left").below[place].port.amps_da[0] for place in (2, 3)]) >= 150
    assert "asleep" not in town.top.primary.why(0)


def test_a_garage_whose_fair_share_is_too_small_gets_its_least_useful_grant():
    town = town_of(320, garage("left", 2, [0, 0, 60, 60]), Leaf("e", 4))
    assert charged(town, 5 * SLOT_MS) == all_names(town)
    assert town.top.primary.guard.want_da[0] >= 180


def test_if_one_evse_fits_in_addition_to_the_reserves_all_charge_in_turn():
    town = town_of(345, garage("left", 2, [0, 0, 60, 60]), Leaf("e", 4))
    assert charged(town, 5 * SLOT_MS) == all_names(town)


def test_two_garages_with_reserves_share_the_current_above_them():
    town = town_of(400, garage("left", 2, [60, 0, 0]), garage("right", 3, [0, 60]))
    assert charged(town, 5 * SLOT_MS) == all_names(town)


def test_three_levels_with_reserves_at_the_lowest():
    """The lowest needs 12 A for one beside its reserve, the middle 18 A for that: fair shares alone would give 9 and 17 A."""
    row = garage("row", 7, [60, 0, 0])
    middle = Node("middle", 2, 400, [row, Leaf("m", 3, fallback_da=60)])
    middle.site["settings"] = dict(SETTINGS, slot_s=SLOT_MS // 1000)
    town = town_of(345, middle, Leaf("e", 4))
    assert charged(town, 6 * SLOT_MS) == all_names(town)


def row_with_one_car(rating_da):
    """A garage whose reserve is at the point without a car, and two more at the street: a third of it begins nobody there."""
    town = Street(Node("street", 0, rating_da, [garage("row", 2, [60, 0]), Leaf("e", 4), Leaf("f", 5)])).run(15000)
    for leaf in leaves_of(town.top)[1:]:
        leaf.port.car = "C"
    return town


def test_a_car_next_to_an_empty_evse_with_a_reserve_starts_although_the_fair_share_is_too_small():
    assert charged(row_with_one_car(320), 60000) == ["e", "f", "row-b"]


def test_if_no_grant_is_sufficient_an_evse_with_a_reserve_still_charges():
    """11 A is all that the garage can ever have, and 12 A would be needed for a second car."""
    town = Street(Node("street", 0, 110, [garage("row", 2, [60, 0])])).run(15000)
    town.plug_all()
    assert charged(town, 3 * SLOT_MS) == ["row-a"]


def test_a_parent_without_a_least_useful_grant_behaves_as_before():
    town = row_with_one_car(320)
    told = town.node("row").primary.parent_link
    told.guard.minimum_grant_da = lambda: 0
    assert charged(town, 40000) == ["e", "f"]
