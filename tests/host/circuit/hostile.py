"""Random small sites, and an adversary's moves against them; a seed is a whole run."""

import random

from circuit_world import World, evse, site


def _secondary(index, rng):
    fallback = rng.choice((0, 0, 60))
    return evse(index, fallback_da=fallback, power_on_da=fallback, watchdog_ms=rng.choice((4000, 10000)), transit_ms=rng.choice((50, 50, 5000)))


def _mute(index, rng):
    more = {"watchdog_ms": 0, "holds": True, "power_on_source": "documented", "proof": "limit"}
    return evse(index, "profile", transit_ms=rng.choice((50, 5000)), survives=rng.random() < 0.5, **more)


def _behind_profile(index, rng):
    more = {"power_on_source": "documented", "proof": "limit", "poll_feeds": rng.random() < 0.5}
    return evse(index, "profile", watchdog_ms=rng.choice((4000, 10000)), fallback_da=rng.choice((0, 60)), transit_ms=rng.choice((50, 5000)), **more)


def draw_site(rng):
    """2 to 4 EVSEs of all kinds and mappings on one or two circuits whose default state just fits."""
    two = rng.random() < 0.5
    evses = []
    for index in range(rng.randint(2, 4)):
        each = rng.choice((_secondary, _mute, _behind_profile))(index, rng)
        each["circuit"] = rng.choice((0, 1)) if two else 0
        each["terminals"] = rng.choice(([[0], [1], [2]], [[1], [2], [0]], [[0]], [[1]], [[0, 1]]))
        evses.append(each)
    need = 60 + sum(max(each["power_on_da"], each["fallback_da"]) for each in evses)
    ratings = [(-1, max(rng.choice((200, 250, 320, 400)), need))]
    if two:
        ratings.append((0, max(rng.choice((160, 200, 250)), need)))
    return site(evses, tuple(ratings))


MOVES = ("cut", "mend", "loss", "hold", "restart", "primary", "die", "live", "off", "on", "demand", "forget", "ignore")


def move(world, rng):
    """One move of the adversary."""
    what, i = rng.choice(MOVES), rng.randrange(len(world.devices))
    device = world.devices[i]
    if what == "cut":
        world.cut[i] = True
    elif what == "mend":
        world.cut = [False] * len(world.cut)
    elif what == "loss":
        world.loss = rng.choice((0, 0.1, 0.3, 0.6))
    elif what == "hold":
        world.hold = rng.choice((0, 0.2, 0.5))
    elif what == "restart":
        device.restart(world.now_ms)
    elif what == "primary":
        world.restart_primary(rng.random() < 0.5)
    elif what == "die":
        world.alive = False
    elif what == "live" and not world.alive:
        world.restart_primary()
    elif what == "off":
        device.powered = False
    elif what == "on" and not device.powered:
        device.restart(world.now_ms)
        device.powered = True
    elif what == "demand":
        world.guard.demand(i, rng.random() < 0.7)
    elif what == "forget" and not device.facts["survives"] and device.facts["kind"] == "profile":
        device.forget(world.now_ms)
    elif what == "ignore":
        device.ignores = rng.random() < 0.3 and not any(other.ignores for other in world.devices)
        device.ignored = device.ignored or device.ignores


def rage(seed, guard_class=None, moves=25, **more):
    """A world after its faults raged; world.worst is the first violation, or None."""
    rng = random.Random(seed)
    facts = draw_site(rng)
    world = World(facts, seed, guard_class, **more) if guard_class else World(facts, seed, **more)
    for _ in range(moves):
        move(world, rng)
        world.run(rng.randint(1, 12))
        if world.worst:
            break
    return world


def heal(world, seconds=180):
    """The adversary stops; who charges at least at its minimum within the second half of `seconds`? A person resets the lock-out of a
    device that did ignore its orders (rule 10), and of no other."""
    world.heal()
    for i, device in enumerate(world.devices):
        if device.ignored:
            world.guard.unlock(i)
    for i in range(len(world.devices)):
        world.guard.demand(i, True)
    world.run(seconds // 3)
    world.best = [0] * len(world.devices)
    world.run(seconds - seconds // 3)
    return [best >= 60 for best in world.best]
