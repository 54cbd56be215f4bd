"""A site with primaries below it, as one plant: every circuit, wire and device of all levels in one tree.

Each primary has separate facts, compiled from its site file; the plant gets them joined. Names of a primary below begin with
its entry's name and a dot ("garage.bay-1"), phases are those of the top. The entry for a primary below in its parent's file
is not a device: the site below takes its place.
"""

import copy

from ampacity_host.configure import compile_site, load_site


class CascadeMember:
    """One primary: its name ("primary" at the top), the facts of its controller, and its site file."""

    def __init__(self, name, facts, site):
        self.name, self.facts, self.site = name, facts, site

    @property
    def prefix(self):
        """The prefix of the names of its EVSEs."""
        return "" if self.name == "primary" else self.name + "."

    @property
    def locals(self):
        return [evse["name"] for evse in self.facts["evses"] if evse["kind"] == "local"]


class Cascade:
    """site: the SiteFile at the top; facts: compiled. `members`: all primaries, top first; `flat`: facts of the plant, in which each
    circuit and EVSE has an `owner`, and `primaries` has for each one below its parent, and the bus by which that reaches it.

    KeyError: the name of an entry that describes a primary below by numbers only.
    """

    def __init__(self, site, facts):
        self.members = []
        self.flat = dict(facts, circuits=[], buses=[], meters=[], evses=[], profiles={}, primaries={}, ocpp=facts["ocpp"])
        self._join(CascadeMember("primary", facts, site), site, "", -1, list(range(facts["phases"])))

    def _join(self, member, site, prefix, above, lines):
        """above: flat index of the circuit that feeds it; lines: the top's phase of each of its phases."""
        self.members.append(member)
        facts, flat = member.facts, self.flat
        starts = {kind: len(flat[kind]) for kind in ("circuits", "buses", "meters")}
        for circuit in facts["circuits"]:
            flat["circuits"].append(self._circuit(circuit, starts, above, lines) | {"owner": member.name})
        flat["buses"] += facts["buses"]
        flat["profiles"].update(facts["profiles"])
        for meter in facts["meters"]:
            flat["meters"].append(dict(meter, bus=meter["bus"] + starts["buses"], phases=[lines[p] for p in meter["phases"]]))
        tables = {table["name"]: table for table in site.evses}
        for evse in facts["evses"]:
            at = evse["circuit"] + starts["circuits"]
            ends = [[lines[p] for p in terminal] for terminal in evse["terminals"]]
            table = tables[evse["name"][len(prefix):]]
            if table["site"] is None and evse.get("primary"):
                raise KeyError(evse["name"])
            if table["site"] is None:
                bus = evse["bus"] + starts["buses"] if evse["bus"] >= 0 else -1
                flat["evses"].append(dict(evse, circuit=at, bus=bus, terminals=ends, owner=member.name))
            else:
                below = load_site(site.path.parent / table["site"])
                bus = facts["buses"][evse["bus"]]
                flat["primaries"][evse["name"]] = {"above": member.name, "bus": evse["bus"] + starts["buses"]}
                child = renamed(compile_site(below), evse["name"], bus["name"])
                if bus["kind"] == "tcp":  # the bench's network knows it by its parent's address for it
                    child["parent"]["tcp"] |= {"host": evse["host"] or bus["host"], "tcp_port": evse["tcp_port"] or bus["tcp_port"]}
                self._join(CascadeMember(evse["name"], child, below), below, evse["name"] + ".", at, [end[0] for end in ends])

    def member(self, name):
        return next(member for member in self.members if member.name == name)

    def stations(self):
        """Entries of the primaries below, as the buses of their parents address them."""
        at = {bus["name"]: index for index, bus in enumerate(self.flat["buses"])}
        parents = [(member.name, member.facts["parent"]) for member in self.members[1:]]
        return [{"name": name, "kind": "ampacity", "unit": parent["unit"], "bus": at[parent["name"]]} for name, parent in parents]

    def owner(self, evse):
        """The primary to which an EVSE or secondary belongs."""
        return next(member for member in self.members if evse in [each["name"] for each in member.facts["evses"]])

    def _circuit(self, circuit, starts, above, lines):
        out = dict(circuit, parent=circuit["parent"] + starts["circuits"] if circuit["parent"] >= 0 else above)
        out["meter"] = circuit["meter"] + starts["meters"] if circuit["meter"] >= 0 else -1
        for key in ("rating_da", "assumed_other_da", "generation_da"):
            out[key] = [circuit[key][lines.index(p)] if p in lines else 0 for p in range(self.flat["phases"])]
        return out


def has_below(facts):
    """Is this entry a primary below with its own EVSEs?"""
    return any(evse.get("primary") for evse in facts["evses"])


def renamed(facts, prefix, line):
    """The facts of a primary below with its names made unique, without upstream. line: the bus toward its parent."""
    out = copy.deepcopy(facts)
    for kind in ("circuits", "buses", "meters", "evses"):
        for item in out[kind]:
            item["name"] = prefix + "." + item["name"]
    out["parent"]["name"] = line
    out["ocpp"] = None
    return out
