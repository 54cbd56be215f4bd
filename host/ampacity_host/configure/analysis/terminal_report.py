"""The check's report for a person: tables on a terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table


def amps(value: float) -> str:
    return f"{value:.1f}"


def seconds(value_ms: int | None) -> str:
    return "unlimited" if value_ms is None else f"{value_ms / 1000:.1f}"


def span(value_ms: int | None) -> str:
    return "unlimited" if value_ms is None else f"{value_ms / 1000:.1f} s"


def sums(result: dict[str, Any]) -> Table:
    table = Table("circuit", "phase", title="Worst case without the primary, in amperes", title_justify="left")
    for name in ("rating", "reserves", "other load", "left", "limits"):
        table.add_column(name, justify="right")
    for row in result["circuits"]:
        style = "red" if row["free_a"] < 0 else ""
        keys = ("rating_a", "reserves_a", "assumed_other_a", "free_a", "limits_a")
        table.add_row(row["circuit"], row["phase"], *(amps(row[key]) for key in keys), style=style)
    return table


def budgets(result: dict[str, Any]) -> Table:
    table = Table("circuit", title="Longest duration of an overload, in seconds", title_justify="left")
    names = {"meter_age_ms": "meter", "decide_ms": "decide", "bus_ms": "bus", "device_ms": "device", "car_ms": "car"}
    for name in (*names.values(), "total", "primary lost"):
        table.add_column(name, justify="right")
    table.add_column("slowest")
    for row in result["budgets"]:
        table.add_row(row["circuit"], *(seconds(row[key]) for key in (*names, "total_ms", "exposure_ms")), row["slowest"])
    return table


def phases_again(result: dict[str, Any]) -> list[str]:
    """Circuits that lend unused phases, and the current that may flow when a car uses them again."""
    return [
        f"{row['circuit']}: unused phases of a car are free for others; when the car uses them again, up to "
        f"{row['again_da'] / 10:.1f} A may flow for {span(row['again_ms'])}, or {span(row['again_cut_ms'])} if its bus is cut or the primary fails"
        for row in result["budgets"] if row["again_ms"]
    ]  # fmt: skip


def meters_needed(result: dict[str, Any]) -> list[str]:
    """Circuits whose cars depend on a meter, and why that matters: after a failure only test steps or a person restore its trust."""
    return [
        f"{row['circuit']}: without its meter {row['left_a']:.1f} A are left, and a car needs {row['needs_a']:.1f} A: no car charges here while the "
        f"meter is lost, nor after it failed its test steps, until a person confirms it with trust {row['circuit']}; "
        f"a lower assumed_other_a or a larger rating leaves more"
        for row in result["needs_its_meter"]
    ]  # fmt: skip


def buses(result: dict[str, Any]) -> Table:
    """Lines with equal times share a row: twenty hosts with one unit each are twenty lines."""
    table = Table("bus", title="Bus timing", title_justify="left")
    for name in ("lines", "units per line", "poll cycle", "half silent", "orders to all"):
        table.add_column(name, justify="right")
    alike: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in result["buses"]:
        alike.setdefault(tuple(row[key] for key in ("bus", "units", "well_ms", "cycle_ms", "orders_ms")), []).append(row)
    for (bus, units, *times), rows in alike.items():
        one = f" {rows[0]['host']}:{rows[0]['tcp_port']}" if len(rows) == 1 and rows[0]["host"] else ""
        table.add_row(bus + one, str(len(rows)), str(units), *(f"{each / 1000:.2f} s" for each in times))
    return table


def evidence(result: dict[str, Any]) -> Table:
    table = Table("EVSE", "missing evidence", title="Missing evidence and its cost", title_justify="left")
    table.add_column("cost, A", justify="right")
    table.add_column("remedy")
    for row in result["evidence"]:
        table.add_row(row["evse"], row["what"], amps(row["costs_a"]), row["frees"])
    return table


def changes(result: dict[str, Any]) -> list[str]:
    """Reserves of the previous site that still count."""
    change = result.get("change")
    if change is None:
        return []
    lines = [f"after the change: {row['text']}" for row in change["left"]]
    lines += [f"after the change: {name} also counts at its old address until its pause is proven" for name in change["moved"]]
    return lines or ["after the change: nothing of the old site still counts"]


def show_mistakes(mistakes: list[Any], console: Console) -> None:
    """Prints one line per mistake: place, field, value, allowed range."""
    for mistake in mistakes:
        console.print(f"error: {mistake}", style="red", markup=False, highlight=False, soft_wrap=True)


def show(result: dict[str, Any], console: Console) -> None:
    """Prints the report; refusals last, so that they remain visible."""
    console.print(whole(sums(result)))
    console.print(whole(budgets(result)))
    for line in phases_again(result):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for line in meters_needed(result):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if result["buses"]:
        console.print(whole(buses(result)))
    if result["reserves"]:
        console.print(whole(reserves(result)))
    if result["evidence"]:
        console.print(whole(evidence(result)))
    for line in changes(result):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    units = result["could_fall_back_to_6_a"]
    if units:
        which = "EVSEs that pause" if units > 1 else "EVSE that pauses"
        line = f"{units} {which} without the primary could fall back to 6.0 A instead (fallback_a = 6.0)."
        console.print(line, markup=False, highlight=False)
    for warning in result["warnings"]:
        console.print(f"warning: {warning['text']}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    for found in result["findings"]:
        style = "red" if found["level"] == "error" else "yellow"
        console.print(finding_line(found), style=style, markup=False, highlight=False, soft_wrap=True)
    for line in fix_lines(result.get("fixes")):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    verdict = f"{result['site']}: the check passes." if result["ok"] else f"{result['site']}: the check fails."
    console.print(verdict, style="bold green" if result["ok"] else "bold red", markup=False, highlight=False)


def whole(table: Table) -> Table:
    """The table with headings and cells that wrap on a narrow terminal; by default they are cut."""
    for column in table.columns:
        column.overflow = "fold"
    return table


def reserves(result: dict[str, Any]) -> Table:
    table = Table("EVSE", title="Reserve of each EVSE, in amperes", title_justify="left")
    table.add_column("from", justify="right")
    table.add_column("to", justify="right")
    table.add_column("cause")
    for row in result["reserves"]:
        table.add_row(row["evse"], amps(row["from_a"]), amps(row["to_a"]), row["cause"])
    return table


def fix_lines(fixes: dict[str, Any] | None) -> list[str]:
    """The proposed lines as TOML; explanations are comments."""
    if not fixes or not fixes["changes"]:
        return []
    promise = "With these lines the check passes" if fixes["passes"] else "These lines help, but do not suffice"
    out = [f"# {promise}; put each line under its header, cheapest first:"]
    for row in fixes["changes"]:
        out.append(f"[[{row['table']}]]  # {row['name']}, line {row['line']}")
        for each in row["lines"]:
            place = f"replaces line {each['line']}; " if each["line"] else ""
            out.append(f"{each['toml']}  # {place}{each['why']}")
    return out + [f"# remaining: {text}" for text in fixes["left"]]


def finding_line(found: dict[str, Any]) -> str:
    """A finding as one line: its place, the text, then the smallest sufficient change."""
    where = str(found["where"])
    text = found["text"] if found["text"].startswith(where) else f"{where}: {found['text']}"
    return f"{'refused' if found['level'] == 'error' else 'warning'}: {text}; {found['fix']}"
