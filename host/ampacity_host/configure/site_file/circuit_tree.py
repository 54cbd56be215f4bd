"""The circuits of a site file as a tree, and the names by which its tables refer to each other."""

from collections.abc import Iterable

from ampacity_host.configure.site_file.mistakes import Collector
from ampacity_host.configure.site_file.parser import SiteFile, Table
from ampacity_host.configure.site_file.toml_text import near


def by_name(tables: Iterable[Table]) -> dict[str, int]:
    """name → its first index."""
    names: dict[str, int] = {}
    for table in tables:
        if table["name"]:
            names.setdefault(table["name"], table.index)
    return names


def upward(circuit: str | None, site: SiteFile) -> list[Table]:
    """The circuit of this name and those above it, to the root; a cycle ends where it closes."""
    known, path = by_name(site.circuits), []
    while circuit in known and site.circuits[known[circuit]] not in path:
        path.append(site.circuits[known[circuit]])
        circuit = path[-1]["parent"]
    return path


def inside(circuit: Table, site: SiteFile) -> list[Table]:
    """The circuit and those below it, each once."""
    children: dict[str, list[Table]] = {}
    for each in site.circuits:
        children.setdefault(each["parent"], []).append(each)
    found, seen = [circuit], {circuit["name"]}
    for here in found:
        fresh = [each for each in children.get(here["name"], ()) if each["name"] not in seen]
        found += fresh
        seen |= {each["name"] for each in fresh}
    return found


def evses_under(circuit: Table, site: SiteFile) -> list[Table]:
    """The EVSEs that this circuit feeds, through others too."""
    names = {each["name"] for each in inside(circuit, site)}
    return [evse for evse in site.evses if evse["circuit"] in names]


def each_phase(value: "int | list[int]", count: int) -> list[int]:
    """One number per supply phase."""
    return list(value) if isinstance(value, list) else [value] * count


def reference(table: Table, key: str, known: dict[str, int], kind: str, collector: Collector) -> None:
    """The name in table[key] must be one of `known`."""
    if table[key] is not None and table[key] not in known:
        close = near(table[key], known)
        meant = f'; did you mean "{close}"?' if close else ""
        collector.add(table, key, f'there is no {kind} "{table[key]}"', f"have: {', '.join(known) or 'none'}{meant}")
