"""How a profile's device is recognised by reading alone: one line of text for each, parsed by `ampacity.commission.identify`.

A profile's `[identify]` names registers and what they must show. Where it has none, the line is made of what the profile
documents anyway: identity registers that hold an identity, a state that its map knows, voltages that a mains has.
Nothing here is ever written, and only registers that the profile calls readable are asked.
"""

from ampacity_host.profiles.compiler import READ_WITH, WIDTH
from ampacity_host.profiles.loader import load
from ampacity_host.profiles.units import fraction, ms

ASKS_MAX = 6
DEFAULT_READ = "rw"


def known_line(profile: dict) -> str:
    """The profile's line: name, kind, media, setting, units, certainty, watchdog, then its questions."""
    link = profile["link"]
    media = "".join(letter for letter, medium in (("r", "rtu"), ("a", "ascii"), ("t", "tcp")) if medium in link["media"])
    setting = f"{link['baud']}{link.get('parity', 'N')}{link.get('stop', 1)}" if "baud" in link else "-"
    low, high = link.get("units", [1, 247])
    certainty = "sure" if profile.get("identify", {}).get("sure") else "fits"
    head = [profile["name"], profile["kind"], media or "-", setting, f"{low}-{high}", certainty, str(watchdog_ms(profile))]
    if "chain" in link:
        models = "/".join(str(number) for number in chain_models(link["chain"]))
        return " ".join([*head, f"models,3,0,0,chain,1,1,0,0,{models}"])
    return " ".join(head + [_question(profile, *ask) for ask in asks(profile)])


def chain_models(chain: dict) -> list[int]:
    """Numbers of the models of which one in its chain is enough; those of the layouts that it uses, too."""
    parts = [load("meter-" + name)["link"]["chain"]["models"] for name in [*chain.get("use", []), *chain.get("beside", [])]]
    return sorted({*chain.get("models", []), *(number for part in parts for number in part)})


def watchdog_ms(profile: dict) -> int:
    """The longest time that a unit with factory settings continues with its last order, 0: none known."""
    dog = profile.get("watchdog", {})
    return ms(dog.get("fixed_s", dog.get("factory_s", 0)))


def asks(profile: dict) -> list[tuple[str, str]]:
    """[(register, what it must show)], the telling ones first."""
    rows = profile.get("identify", {}).get("asks")
    listed = [(row["register"], _row_text(row)) for row in rows] if rows else _derived(profile)
    shown = [(name, "*") for name in ("serial", "firmware") if name in profile["registers"] and name not in dict(listed)]
    return [ask for ask in listed + shown if "r" in profile["registers"][ask[0]].get("access", DEFAULT_READ)]


def _row_text(row: dict) -> str:
    if "starts" in row:
        return "^" + "/".join(row["starts"])
    if "contains" in row:
        return "~" + "/".join(row["contains"])
    if "one_of" in row:
        return "/".join(str(value) for value in row["one_of"])
    if "letters" in row:
        return f"t{row['letters']}"
    return f"{row.get('at_least', 0)}..{row.get('at_most', (1 << 64) - 1)}"


def _derived(profile: dict) -> list[tuple[str, str]]:
    registers, reads = profile["registers"], profile["reads"]
    found = [(name, _plausible(name, registers[name])) for name in reads.get("identity", [])]
    state = profile.get("state", {})
    if "from" in state and all(key.isdigit() for key in state["map"]):
        found.append((state["from"], "/".join(sorted(state["map"], key=int))))
    limit = profile.get("order", {}).get("limit")
    found += [(name, _plausible(name, registers[name])) for name in ("voltage_l1", "current_l1", limit) if name in registers]
    if profile["kind"] == "meter":
        found = [(name, wanted.replace("0/", "")) for name, wanted in found]
    return list(dict(found).items())[:ASKS_MAX] or [(reads["live"][0], "*")]


def _plausible(name: str, register: dict) -> str:
    """What a value of this name holds in any device: decoded, in da and dV."""
    if register["type"] == "text":
        return "t3"
    if name.startswith("voltage"):
        return "0/800..3000"
    if name.startswith("current_l"):
        return "-20000..20000"
    if name in ("max_current", "min_current", "hardware_limit"):
        return "60..800"
    return "1..18446744073709551614" if name == "serial" else "*"


def _question(profile: dict, name: str, wanted: str) -> str:
    register = profile["registers"][name]
    scale = fraction(register)
    kind = register["type"]
    if register.get("words", profile["link"]["words"]) == "low-first" and kind not in ("text", "letter"):
        kind += "<"
    shift, width = register.get("bits", [0, 0])
    count = register.get("count", WIDTH[register["type"]])
    place = [READ_WITH[register["in"]], register["at"], count, kind, scale.numerator, scale.denominator, shift, width]
    text = ",".join(str(part) for part in [name, *place, wanted])
    if " " in text or text.count(",") != len(place) + 1:
        raise ValueError(f"{profile['name']}: {name}: no blank and no comma may be in what is asked for")
    return text

