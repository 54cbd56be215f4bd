"""What the scenes share: small sites as text, waiting until everybody has charged, the figures of a scene."""

HEAD = '[site]\nname = "scene"\n'
RTU = '[[bus]]\nname = "b"\nkind = "rtu"\nport = "virtual"\nbaud = 19200\nparity = "E"\n'
LAN = '[[bus]]\nname = "lan"\nkind = "tcp"\nhost = "127.0.0.1"\nprivate = true\n'
SOON = "[settings]\nrestart_hold_s = 10\nslot_s = 60\nraise_hold_s = 4\n"


def toml(header, **fields):
    """One table as text."""
    values = {name: repr(value).replace("'", '"') if not isinstance(value, bool) else str(value).lower() for name, value in fields.items()}
    return header + "\n" + "".join("%s = %s\n" % pair for pair in values.items())


def circuit(name, rating_a, **more):
    return toml("[[circuit]]", name=name, rating_a=rating_a, **more)


def evse(name, kind="ampacity", at="main", max_a=32.0, **more):
    return toml("[[evse]]", name=name, kind=kind, circuit=at, max_a=max_a, **more)


def meter(name="m", bus="b", unit=100, **more):
    return toml("[[meter]]", name=name, profile="eastron-sdm630", bus=bus, unit=unit, **more)


def site(*parts):
    return "\n".join((HEAD, *parts, SOON))


def settle_in(table, within_s=120):
    """Until everybody has charged, or that time is over; then from now on it is counted anew."""
    everybody_charges(table, within_s)
    table.forget()


def everybody_charges(table, within_s=1_800, step_s=10):
    """Until every hungry car has drawn since `forget()`: who has not in that time, with `why`."""
    for _ in range(within_s // step_s):
        table.go(step_s * 1_000, 1_000)
        if not table.hungry() - table.charged:
            break
    return table.stranded()


def told(table, title):
    """The figures of a scene: seconds above a rating, of those what no excuse covers, the worst amperes, who never charged."""
    found = table.judge.verdict()
    left = {name: why for name, why in table.stranded().items()}
    print("%s: above %s s, unexcused %s s, worst %s A, could be above %s s, never charged %s" % (
        title, found["over_s"], found["wrong_s"], found["worst_a"], found["may_s"], left))
    assert table.judge.crossed is None, table.judge.crossed
    return found


def within(table, title):
    """No rating was passed but for what the judge excuses."""
    found = told(table, title)
    assert not found["wrong_s"], (title, found)
