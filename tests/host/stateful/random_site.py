"""Random site files: a tree of circuits, 2 to 64 EVSEs of several kinds, meters, one line for sixteen devices."""

from ampacity_host.configure import SiteErrors, check_report, compile_site, load_site

LINE_MAX = 16
TURNS = (("L1", "L2", "L3"), ("L2", "L3", "L1"), ("L3", "L1", "L2"), ("L1",), ("L2",), ("L3",), ("L2", "L1", "L3"))
KINDS = ("ampacity", "ampacity", "ampacity", "heidelberg-energy-control")
SETTINGS = {"slot_s": 30, "deadband_da": 5, "raise_hold_ms": 2_000, "restart_hold_ms": 4_000, "idle_ms": 60_000}
TRANSIT_MS = 5_000  # of a site whose line is a gateway's
ROOM_A = 7.0  # for each EVSE below a circuit, on each phase, when it is not to starve for long: half of them at once


def draw(chance, evses, folder):
    """A compiled site. chance: random.Random; evses: how many; folder: where its file may be written."""
    for slack in (1.0, 1.5, 2.5, 4.0):
        path = folder / "site.toml"
        path.write_text(site_text(chance, evses, slack))
        try:
            site = load_site(path)
        except SiteErrors as error:
            wrong = str(error)
            continue
        told = check_report(site)
        if not told["ok"]:  # the sums are not in the form: what `ampacity check` refuses, no primary starts with
            wrong = str(told["findings"])
            continue
        facts = compile_site(site)
        facts["ocpp"] = None
        facts["settings"].update(SETTINGS)
        if chance.random() < 0.25:
            for one in facts["evses"] + facts["buses"]:
                one["transit_ms"] = max(one["transit_ms"], TRANSIT_MS)
        return facts
    raise AssertionError(f"no site with {evses} EVSEs was accepted: {wrong}")


def site_text(chance, evses, slack):
    parents = [-1] + [chance.randrange(at) for at in range(1, chance.choice((1, 2, 3, 5, 9)))]
    place = [chance.randrange(len(parents)) for _ in range(evses)]
    other_a = chance.choice((0.0, 10.0, 25.0))
    metered = chance.random() < 0.6
    classes = chance.choice(((1,), (1,), (1, 1, 2)))
    lines = ['[site]\nname = "drawn"\n']
    for at, parent in enumerate(parents):
        lines.append(_circuit(chance, at, parent, sum(_below(parents, p, at) for p in place), other_a, metered, slack))
    buses = -(-(evses + 1) // LINE_MAX)
    for bus in range(buses):
        lines.append(f'[[bus]]\nname = "line-{bus}"\nkind = "rtu"\nport = "virtual"\nbaud = 19200\n')
    if metered:
        lines.append('[[meter]]\nname = "grid"\nprofile = "eastron-sdm630"\nbus = "line-0"\nunit = 100\n')
    lines += [_evse(chance, at, place[at], (at % buses, at // buses + 1), slack, classes) for at in range(evses)]
    return "\n".join(lines)


def _below(parents, at, root):
    while at not in (root, -1):
        at = parents[at]
    return at == root


def _circuit(chance, at, parent, below, other_a, metered, slack):
    rating_a = round((other_a if at == 0 else 0) + max(16.0, below * ROOM_A * chance.choice((0.5, 0.8, 1.5))) * min(slack, 2.0), 1)
    text = f'[[circuit]]\nname = "c{at}"\nrating_a = {rating_a}\n'
    if parent >= 0:
        return text + f'parent = "c{parent}"\n'
    return text + f"assumed_other_a = {other_a}\n" + ('meter = "grid"\n' if metered else "")


def _evse(chance, at, circuit, address, slack, classes):
    bus, unit = address
    head = f'[[evse]]\nname = "e{at}"\ncircuit = "c{circuit}"\nmax_a = 16.0\n'
    phases = ", ".join(f'"{line}"' for line in chance.choice(TURNS))
    head += f"phases = [{phases}]\npriority = {chance.choice(classes)}\nweight = {chance.choice((1, 1, 2))}\n"
    if at == 0 and chance.random() < 0.5:
        return head + 'kind = "local"\n'
    kind = chance.choice(KINDS)
    fallback_a = 6.0 if kind == "ampacity" and chance.random() < 0.15 and slack < 2 else 0.0
    return head + f'kind = "{kind}"\nbus = "line-{bus}"\nunit = {unit}\nwatchdog_s = {int(20 * slack)}\nfallback_a = {fallback_a}\n'
