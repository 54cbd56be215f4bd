"""Profiles as they are written: found by name, parsed without a float, checked by the schema and for contradictions.

Numbers with a decimal point become `Decimal`: 0.1 A is a tenth of an ampere, not the nearest double.
"""

import json
import re
import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from ampacity.circuit.trusted.errors import Rejected
from ampacity_host.places import PROFILES
from ampacity_host.profiles import partial_profile, schema_errors, states, undocumented

SCHEMA = json.loads((Path(__file__).parent / "schema.json").read_text())

_DECIMAL_IS_A_NUMBER = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
    "number", lambda _, value: isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
)
_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=_DECIMAL_IS_A_NUMBER)


SENTENCES = schema_errors.Words(SCHEMA)
DIGITS_MAX = 20  # of a number, before its point and behind it; 64 bits have as many
RANGES = {"open.acts_after_s": "a number of seconds above link.latency_ms, at most 60"}
RANGE = f"one below 1e{DIGITS_MAX}, with at most {DIGITS_MAX} decimals"
NAME = re.compile("[a-z0-9-]{1,80}")
WORDS = {"u16": 1, "i16": 1}


def names(kind: str) -> list[str]:
    """Names of all profiles of a kind, "evse" or "meter", sorted."""
    return sorted(path.stem[len(kind) + 1 :] for path in PROFILES.glob(f"{kind}-*.toml"))


def exists(kind: str, name: str) -> bool:
    """Is there a profile of that kind and name?"""
    return bool(NAME.fullmatch(name)) and (PROFILES / f"{kind}-{name}.toml").is_file()


def load(name: str) -> dict:
    """The checked profile called name ("heidelberg-energy-control" or "evse-heidelberg-energy-control").

    Raises Rejected when there is none, or when it is not valid.
    """
    for path in () if not NAME.fullmatch(name) else (PROFILES / f"{name}.toml", PROFILES / f"evse-{name}.toml", PROFILES / f"meter-{name}.toml"):
        if path.is_file():
            return _load(path)
    raise Rejected("profile", name, "one of " + ", ".join(names("evse") + names("meter")))


@cache
def _load(path: Path) -> dict:
    try:
        profile, problems = checked(parse(path.read_text(encoding="utf-8")))
    except ValueError as error:  # also UnicodeDecodeError and TOMLDecodeError
        raise Rejected(path.name, str(error), f"a profile that `ampacity profile check {path}` accepts") from None
    if problems:
        raise Rejected(path.name, problems[0], "a valid profile: " + "; ".join(problems))
    return profile


def checked(written: dict) -> "tuple[dict, list[str]]":
    """A profile as it was written, with the layout that it takes from another; and all that is wrong with it."""
    try:
        profile = _with_layout(written)
    except (Rejected, TypeError, AttributeError, KeyError, IndexError) as error:
        return written, validate(written) or [f"link.chain.use: {error}"]
    return profile, validate(profile)


def _with_layout(profile: dict) -> dict:
    """A device of which only discovery shows what it is begins with the first of the layouts that it may have."""
    use = profile.get("link", {}).get("chain", {}).get("use")
    if not use:
        return profile
    first = load(use[0])
    chain = profile["link"]["chain"] | {"models": first["link"]["chain"]["models"]}
    own = {key: first[key] for key in ("registers", "reads", "measure") if key in first}
    return own | profile | {"link": first["link"] | profile["link"] | {"chain": chain}}


def parse(text: str) -> dict:
    """TOML text to a profile that nothing has checked yet."""
    return tomllib.loads(text, parse_float=Decimal)


def validate(profile: dict) -> list[str]:
    """All mistakes of a profile, each as one sentence; empty for a valid one."""
    numbers = _number_problems(profile)
    places = [place for place, _ in numbers]
    countable = partial_profile.with_ones(profile, places)
    errors = [error for error in _Validator(SCHEMA).iter_errors(countable) if not partial_profile.about_a_number(error, places)]
    found = [f"{partial_profile.dotted(place)}: {text}" for place, text in numbers] + [text for error in errors for text in SENTENCES.of(error)]
    left = partial_profile.without(countable, places + partial_profile.unread(errors)) if found else profile
    return found + _further(left, partial_profile.hurt(places, errors, list(SCHEMA["properties"])))


def _further(profile: dict, hurt: set[str]) -> list[str]:
    """Checks the tables against each other, as far as they are readable."""
    if "registers" in hurt:
        return []
    strange = partial_profile.findings(_strange_names, profile, hurt)
    checks = [] if strange else [check for check, needs in CHECKS if not hurt & needs]
    found = strange + [problem for check in checks for problem in partial_profile.findings(check, profile, hurt)]
    return found or ([] if hurt & OPEN_NEEDS else partial_profile.findings(undocumented.problems, profile, hurt))


def _strange_names(profile: dict) -> list[str]:
    return [f"{where}: no register {name!r}" for where, name in _names_used(profile) if name not in profile["registers"]]


def _number_problems(value: Any, place: partial_profile.Place = ()) -> list[tuple[partial_profile.Place, str]]:
    """Invalid or impossible numbers: TOML permits nan and inf, and 1e999999999 would be computed without end."""
    if isinstance(value, dict):
        return [problem for key in value for problem in _number_problems(value[key], (*place, key))]
    if isinstance(value, list):
        return [problem for at, item in enumerate(value) for problem in _number_problems(item, (*place, at))]
    if isinstance(value, Decimal) and not (value.is_finite() and value.adjusted() < DIGITS_MAX and value.as_tuple().exponent >= -DIGITS_MAX):
        allowed = RANGES.get(partial_profile.dotted(part for part in place if isinstance(part, str)), RANGE)
        return [(place, f"{schema_errors.toml(value)} is no number that a device has; use {allowed}")]
    if isinstance(value, int) and abs(value) >= 10**DIGITS_MAX:
        return [(place, f"it has more than {DIGITS_MAX} digits; use a number below 1e{DIGITS_MAX}")]
    return []


def _names_used(profile: dict) -> "list[tuple[str, str]]":
    used = [("reads." + group, name) for group, listed in profile["reads"].items() if isinstance(listed, list) for name in listed]
    for table, keys in (("order", ["limit"]), ("identity", ["max"]), ("proof", ["limit"]), ("state", ["from"]), ("power_on", ["register"])):
        used += [(table, profile[table][key]) for key in keys if key in profile.get(table, {})]
    used += [("identity", name) for name in profile.get("identity", {}).get("fingerprint", [])]
    used += [("identify", row["register"]) for row in profile.get("identify", {}).get("asks", [])]
    watchdog = profile.get("watchdog", {})
    used += [("watchdog", watchdog[key]) for key in ("register", "shown_by", "fallback", "fallback_shown_by") if key in watchdog]
    phases = profile.get("phases", {})
    used += [("phases", phases[key]) for key in ("register", "shown_by") if key in phases]
    used += [("phases.able", row["register"]) for row in phases.get("able", [])]
    used += [("contactor", profile["contactor"][key]) for key in ("shown_by",) if key in profile.get("contactor", {})]
    used += [(f"registers.{name}.scale_from", row["scale_from"]) for name, row in profile["registers"].items() if "scale_from" in row]
    used += [("open.off_states", name) for name in profile.get("open", {}).get("off_states", {})]
    used += [("answers", row[key]) for row in profile.get("answers", []) for key in ("register", "write")]
    for where, writes in _writes(profile):
        used += [(where, write[key]) for write in writes for key in ("write", "shown_by") if key in write]
    for table, key in (
        ("proof", "charging"), ("proof", "paused"), ("proof", "acknowledged"), ("state", "rules"), ("state", "fault_rules"),
        ("order", "forbidden"),
    ):  # fmt: skip
        used += [(f"{table}.{key}", row["register"]) for row in profile.get(table, {}).get(key, [])]
    return used


def _writes(profile: dict) -> "list[tuple[str, list[dict]]]":
    order = profile.get("order", {})
    feed = profile.get("watchdog", {}).get("feed")
    return [
        ("order.charge", order.get("charge", [])),
        ("order.pause", order.get("pause", [])),
        ("settings.recipe", profile.get("settings", {}).get("recipe", [])),
        ("watchdog.feed", [feed] if feed else []),
        ("contactor.open", profile.get("contactor", {}).get("open", [])),
        ("contactor.release", profile.get("contactor", {}).get("release", [])),
    ]


def _shared_problems(profile: dict) -> list[str]:
    """A frame for all of a line holds one word for each unit, and nothing else is written with it."""
    if "shared" not in profile["link"]:
        return []
    order = profile.get("order", {})
    limit = profile["registers"].get(order.get("limit"), {})
    plain = [row.get("write") for row in order.get("charge", []) + order.get("pause", [])] == [order.get("limit")] * 2
    found = [] if plain and WORDS.get(limit.get("type")) == 1 else ["link.shared: charge and pause are one write each, of the limit, in one word"]
    if profile["link"]["media"] != ["rtu"]:
        found.append("link.shared: only a serial line carries one frame to all")
    if reads_feed(profile):
        found.append("link.shared: readings must not feed: they alone show whether it is there")
    return found


def _phase_problems(profile: dict) -> list[str]:
    """What shows the phases can be read, and what says that it can switch is read at all."""
    phases = profile.get("phases")
    if not phases:
        return []
    shown, found = phases.get("shown_by", phases["register"]), []
    if "r" not in profile["registers"][shown].get("access", "rw"):
        found.append(f"phases: {shown!r} cannot be read; name another with shown_by")
    read = {name for names in profile["reads"].values() if isinstance(names, list) for name in names}
    return found + [f"phases.able: {row['register']!r} is read nowhere" for row in phases.get("able", []) if row["register"] not in read]


def _unread_settings(profile: dict) -> list[str]:
    """A setting that is shown somewhere must be shown among the settings: otherwise it is not checked before a raise."""
    shown = set(profile["reads"].get("settings", []))
    found = []
    for row in profile.get("settings", {}).get("recipe", []):
        name = row.get("shown_by") or row.get("write")
        if name and "r" in profile["registers"][name].get("access", "rw") and name not in shown:
            found.append(f"settings.recipe: {name!r} is not among reads.settings")
    return found


def _targets_without_watchdog(profile: dict) -> list[str]:
    """A recipe can only correct what the site may choose."""
    chosen = {"watchdog", "fallback"} if usable(profile.get("watchdog")) else set()
    chosen |= {"power_on"} if "register" in profile.get("power_on", {}) else set()
    found = [row["value"] for row in profile.get("settings", {}).get("recipe", []) if isinstance(row.get("value"), str)]
    return [f"settings.recipe: {value!r} is not for the site to choose here" for value in found if value not in chosen]


def _watchdog_problems(profile: dict) -> list[str]:
    """One whose time the site chooses has a longest one."""
    dog = profile.get("watchdog")
    missing = usable(dog) and dog is not None and "fixed_s" not in dog and "max_s" not in dog
    return ["watchdog.max_s: missing; name the longest time in s that its register takes"] if missing else []


def usable(dog: "dict | None") -> bool:
    """A watchdog that may count: its time set and shown (or fixed), its fallback set and shown (or fixed), fed by known frames."""
    if not dog:
        return False
    time = "fixed_s" in dog or "register" in dog
    fallback = "fallback_fixed_a" in dog or "fallback" in dog
    return time and fallback and dog["fed_by"] != "unknown"


def limit_registers(profile: dict) -> list[str]:
    """Registers that hold an order, or show the one in force."""
    order, proof = profile.get("order", {}), profile.get("proof", {})
    names = [order["limit"]] if order else []
    names += [row["write"] for row in order.get("charge", []) if row.get("value") == "order"]
    names += [proof["limit"]] if "limit" in proof else []
    rows = proof.get("charging", []) + proof.get("paused", [])
    return names + [row["register"] for row in rows if row.get("shows") == "order"]


def _unit_problems(profile: dict) -> list[str]:
    problems = []
    for name, register in profile["registers"].items():
        wanted = {"current": "A", "voltage": "V"}.get(name.split("_")[0])
        if wanted and register.get("unit") != wanted:
            problems.append(f"registers.{name}: unit must be {wanted}")
    return problems


def reads_feed(profile: dict) -> bool:
    """Does a reading restart this device's watchdog, or can that not be excluded?"""
    dog = profile.get("watchdog", {})
    return dog.get("fed_by") in ("any-request", "any-read", "unknown") or bool(dog.get("reads_may_feed", False))


def blocked(profile: dict) -> "str | None":
    """Why a profile may not regulate (one sentence), or None when it may."""
    if profile["kind"] != "evse":
        return None
    if "blocked" in profile:
        return str(profile["blocked"])
    if "order" not in profile:
        return "it has no order recipe: the device can only be watched"
    if "proof" not in profile:
        return "it shows neither the limit in force nor a measured current, so no order could ever be proven"
    if profile["proof"]["kind"] == "measured" and not any(name.startswith("current_l") for name in profile["reads"]["live"]):
        return "no register shows the limit in force, nor a current that would prove it"
    return None


CHECKS: "tuple[tuple[Any, set[str]], ...]" = (  # and the tables that each has to know
    (_shared_problems, {"link", "order", "watchdog"}),
    (_phase_problems, {"phases", "reads"}),
    (_unit_problems, set()),
    (_unread_settings, {"settings", "reads"}),
    (_targets_without_watchdog, {"watchdog", "power_on", "settings"}),
    (_watchdog_problems, {"watchdog"}),
    (states.problems, {"state"}),
)
OPEN_NEEDS = {"open", "kind", "order", "proof", "link", "state", "reads", "watchdog"}
