"""The states that a device shows: which values its register can have, what each means, and which of them may be shown while it is off."""

import re
from typing import Any

TEXTS = ("text", "letter")
BITS = {"bool": 1, "u16": 16, "i16": 16, "u32": 32, "i32": 32, "u64": 64, "i64": 64}
NUMBER = re.compile("0|[1-9][0-9]{0,18}")
CHARGING = ("C", "D")
WRITTEN = ("order", "least", "watchdog")
Profile = dict[str, Any]


def problems(profile: Profile) -> list[str]:
    """What is wrong with the keys of state.map and state.faults, each as a sentence."""
    state = profile.get("state", {})
    register = profile["registers"].get(state.get("from"))
    if register is None or register["type"] in TEXTS:
        return []
    least, most = range_of(register)
    found = []
    for key in ("map", "faults"):
        for code in state.get(key, {}):
            if not NUMBER.fullmatch(code) or int(code) > most:
                found.append(f"state.{key}: {code!r} is no value of {state['from']!r}; use {max(0, least)} to {most}, as a decimal number")
    return found


def range_of(register: Profile) -> tuple[int, int]:
    """The least and the most that a register of numbers shows."""
    if "bits" in register:
        return 0, int((1 << max(0, min(64, register["bits"][1]))) - 1)
    bits = BITS.get(register["type"], 32)
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if register["type"][0] == "i" else (0, (1 << bits) - 1)


def codes(profile: Profile, name: str) -> list[Any]:
    """The codes that the table `state` names of this register; none: it names ranges, bits or another register."""
    state = profile.get("state", {})
    if state.get("from") != name:
        return []
    text = profile["registers"][name]["type"] in TEXTS
    return [code if text else int(code) for code in state.get("map", {})]


def letter(profile: Profile, name: str, code: Any) -> str:
    """What this value means by the table `state` ("A" to "F"); "": nothing."""
    state = profile.get("state", {})
    if state.get("from") == name and str(code) in state.get("map", {}):
        return str(state["map"][str(code)])[:1]
    for row in state.get("rules", []):
        if row["register"] == name and _fits(row, code):
            return str(row["is"])[:1]
    return ""


def _fits(row: Profile, code: Any) -> bool:
    """Is it the rule for this value? As the controller looks at it."""
    wanted, bits = row.get("equals"), row.get("bits", 0)
    if isinstance(code, str):
        return wanted in (None, code)
    return code >= row.get("at_least", code) and (wanted is None or (code & bits if bits else code) == wanted)


def off_problems(profile: Profile, table: Profile) -> list[str]:
    """What is wrong with open.off_states, each as a sentence."""
    found = []
    for name, listed in table.get("off_states", {}).items():
        found += _register_problems(profile, name) or _code_problems(profile, name, listed)
    return found


def _register_problems(profile: Profile, name: str) -> list[str]:
    names = _state_registers(profile)
    if name not in names:
        allowed = " or ".join(repr(other) for other in names) or "none: its profile has no such register"
        return [f"open.off_states: {name!r} shows no state; use a register of the table state or a state of its proof: {allowed}"]
    return [] if name in profile["reads"]["live"] else [f"open.off_states: {name!r} is not among reads.live"]


def _state_registers(profile: Profile) -> list[str]:
    """Registers of which a value names a state; no current, no power, no limit."""
    state, proof = profile.get("state", {}), profile.get("proof", {})
    names = [state["from"]] if "from" in state else []
    names += [row["register"] for row in state.get("rules", [])]
    rows = [row for key in ("charging", "paused", "acknowledged") for row in proof.get(key, [])]
    names += [row["register"] for row in rows if row.get("shows") not in WRITTEN]
    return sorted({name for name in names if "unit" not in profile["registers"][name] and profile["registers"][name]["type"][0] != "f"})


def _code_problems(profile: Profile, name: str, listed: list[Any]) -> list[str]:
    where, register = f"open.off_states.{name}", profile["registers"][name]
    known, text = codes(profile, name), register["type"] in TEXTS
    wrong = [code for code in listed if isinstance(code, str) != text]
    if wrong:
        return [f"{where}: {code!r} is no {'text' if text else 'number'}, as the register shows" for code in wrong]
    if known:
        strange = [code for code in listed if code not in known]
        if strange:
            return [f"{where}: {code!r} is no state that the table state knows; use {_either(known)}" for code in strange]
    elif not text:
        least, most = range_of(register)
        outside = [code for code in listed if not least <= code <= most]
        if outside:
            return [f"{where}: {code} is no value of that register; use {least} to {most}" for code in outside]
    return _charging_problems(profile, name, listed)


def _charging_problems(profile: Profile, name: str, listed: list[Any]) -> list[str]:
    """A charging state is no evidence of a pause.

    The vehicle state C may remain while its device is paused, if only this is shown: then state B is listed, too.
    """
    charging = [code for code in listed if letter(profile, name, code) in CHARGING]
    proof = profile.get("proof", {})
    on, off = _named(proof.get("charging", []), name), _named(proof.get("paused", []) + proof.get("acknowledged", []), name)
    sure = [code for code in charging if code in on and code not in off]
    found = [f"open.off_states.{name}: {code!r} is a state in which it charges (proof.charging)" for code in sure]
    if not found and len(charging) == len(listed):
        found = [f"open.off_states.{name}: in {_either(charging)} it charges, and no other state is named"]
    others = sorted({code for code in codes(profile, name) or off if letter(profile, name, code) not in CHARGING}, key=str)
    return [text + (f"; use {_either(others)}" if others else "; leave it out") for text in found]


def _named(rows: list[Profile], name: str) -> list[Any]:
    """The values that these conditions name of a register."""
    found: list[Any] = []
    for row in rows:
        if row["register"] == name:
            found += row.get("one_of", []) + ([row["shows"]] if isinstance(row.get("shows"), int) else [])
    return found


def _either(values: list[Any]) -> str:
    return " or ".join([repr(value) for value in values])
