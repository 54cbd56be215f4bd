"""What a device's documents leave open: the table `[open]` of its profile, checked, and as every variant that it allows.

A variant is (key, value): the simulated devices play each, the list of devices names each, and commissioning determines which one is installed
on the wall. How a device rounds is open where its order says `rounds = "unknown"`.
"""

from typing import Any

from ampacity_host.profiles import states

LIMITS = ("order", "least")  # conditions that look at a limit
SHOWN = {"0": "0", "least": "the least it charges with", "max": "its maximum", "last": "the last limit"}
ROUNDS = ("down", "up")
Variant = tuple[str, Any]


def variants(profile: dict[str, Any]) -> list[Variant]:
    """Every variant that the documents of this device allow, one thing at a time."""
    table = profile.get("open", {})
    found: list[Variant] = [(key, value) for key in ("off_shows", "unplugged_shows") for value in table.get(key, [])]
    found += [("off_states", (name, code)) for name, codes in table.get("off_states", {}).items() for code in codes]
    found += [(key, value) for key in ("limit_while_off", "acts_after_s", "latches") for value in table.get(key, [])]
    unknown = profile.get("order", {}).get("rounds") == "unknown"
    return found + [("rounds", value) for value in ROUNDS if unknown]


def in_words(profile: dict[str, Any]) -> list[str]:
    """One line for people for each undocumented behaviour."""
    table, found = profile.get("open", {}), []
    for key, words in (("off_shows", "its limit while off"), ("unplugged_shows", "its limit while unplugged")):
        if key in table:
            found.append(f"{words}: {_either([SHOWN[value] for value in table[key]])}")
    for name, codes in table.get("off_states", {}).items():
        found.append(f"{name} while off: {_either([str(code) for code in codes])}")
    if "limit_while_off" in table:
        found.append(f"a limit written while off: {_either(table['limit_while_off'])}")
    if "acts_after_s" in table:
        found.append(f"an order acts after {_either([f'{seconds:g}' for seconds in table['acts_after_s']])} s")
    if "latches" in table:
        found.append(f"stays in its fallback until the order is written: {_either(['yes' if value else 'no' for value in table['latches']])}")
    if profile.get("order", {}).get("rounds") == "unknown":
        found.append("how it rounds")
    return found


def _either(words: list[str]) -> str:
    return " or ".join(words)


def off_conditions(profile: dict[str, Any]) -> list[dict[str, Any]]:
    """What shows one to be off whose limit says nothing then: states that its profile names, and all else of a pause but its limits."""
    proof, shown = profile.get("proof", {}), profile.get("open", {}).get("off_states", {})
    rows = [{"register": name, "one_of": codes + _empty(profile, name, codes)} for name, codes in shown.items()]
    rest = [row for row in proof.get("paused", []) + ([] if shown else proof.get("acknowledged", [])) if row.get("shows") not in LIMITS]
    named = bool(shown or "acknowledged" in proof)
    return rows + [row for row in rest if row["register"] not in shown] if named else []


def _empty(profile: dict[str, Any], name: str, codes: list[Any]) -> list[Any]:
    """The codes of a place without a car."""
    return [code for code in states.codes(profile, name) if states.letter(profile, name, code) == "A" and code not in codes]


def _shows_off(proof: dict[str, Any]) -> list[dict[str, Any]]:
    """Values required in addition to its acknowledged pause, or instead of it."""
    rows: list[dict[str, Any]] = proof.get("acknowledged") or proof.get("paused", [])
    return rows


def off_refused(profile: dict[str, Any]) -> str | None:
    """Why a site cannot say what this device shows while it is off; None: it can."""
    reads = profile["reads"]["live"]
    if profile.get("proof", {}).get("kind") != "limit":
        return "no value: its orders are not proven by a limit that it shows"
    if not any(row.get("shows") in LIMITS for row in _shows_off(profile["proof"])):
        return "no value: other registers show that it is off, whatever its limit shows"
    if "shared" in profile["link"]:
        return "no value: its orders are not acknowledged, so only its limit could prove a pause"
    if not any(name.startswith("current_l") and name != "current_limit" for name in reads):
        return "no value: it measures no current, so nothing but its limit would prove a pause"
    if "currents_count_in" in profile.get("state", {}):
        return "no value: its currents are true only while it charges, so nothing but its limit would prove a pause"
    if not off_conditions(profile):
        return "no value: its profile names no state that it shows while it is off (open.off_states)"
    return None


def problems(profile: dict[str, Any]) -> list[str]:
    """What is wrong with the table `[open]`, each as a sentence."""
    table = profile.get("open")
    if table is None:
        return []
    if profile["kind"] != "evse" or "order" not in profile:
        return ["open: only an EVSE that can be regulated has one"]
    return _shown_problems(profile, table) + states.off_problems(profile, table) + _other_problems(profile, table)


def _shown_problems(profile: dict[str, Any], table: dict[str, Any]) -> list[str]:
    kind = profile.get("proof", {}).get("kind")
    keys = [key for key in ("off_shows", "unplugged_shows") if key in table]
    why = f"proof.kind is {kind!r}" if kind else "it has no table proof"
    return [f"open.{key}: nothing shows its limit ({why}); leave it out" for key in keys if kind != "limit"]


def _other_problems(profile: dict[str, Any], table: dict[str, Any]) -> list[str]:
    found, order, link = [], profile["order"], profile["link"]
    if "limit_while_off" in table and not any(row.get("effect") == "disable" for row in order["pause"]):
        found.append("open.limit_while_off: no write of order.pause disables it; leave it out")
    slow = [seconds for seconds in table.get("acts_after_s", []) if seconds * 1000 <= link["latency_ms"]]
    found += [f"open.acts_after_s: {seconds} s is no more than link.latency_ms = {link['latency_ms']}" for seconds in slow]
    if "latches" in table and "watchdog" not in profile:
        found.append("open.latches: it has no watchdog; leave it out")
    if "latches" in table and "latched" in profile.get("watchdog", {}):
        found.append("open.latches: watchdog.latched says it; leave one of them out")
    return found
