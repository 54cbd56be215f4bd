"""Short words for the view: times, kinds, the header, the status line."""

MODE_STYLE = {"quarantine": "black on yellow", "regulating": "black on green", "degraded": "black on yellow",
              "safe": "white on red", "down": "white on red"}
STATUS_STYLE = {"Charging": "green", "Suspended": "yellow", "Faulted": "bold red", "silent": "red", "Unavailable": "red",
                "Authorized": "cyan", "Plugged": "cyan", "Ended": "cyan"}


def clock(t_ms):
    """m:ss."""
    return "%d:%02d" % (t_ms // 60_000, t_ms // 1000 % 60)


def kind_word(kind):
    """A profile's name without its model, which fits into a column."""
    return kind.split("-")[0]


def mode(model):
    return model.state["primary"]["mode"] if model.state["primary"] else "down"


def leader(model, name):
    """(view, primary): view of the primary of an EVSE, "" for the one at the top; view None: no primary."""
    top = model.state["primary"] or {}
    for primary, view in {"": top, **(top.get("below") or {})}.items():
        if name in ((view or {}).get("evses") or {}):
            return view["evses"][name], primary
    return None, ""


def header(model):
    """[(words, style)] of the first line."""
    primary = model.state["primary"] or {}
    parts = [("Ampacity", "bold reverse"), (model.title, "bold"), (clock(model.t_ms), ""),
             ("primary %s" % mode(model), MODE_STYLE.get(mode(model), ""))]
    if model.worst is not None:
        violated = [name for name, one in model.worst["circuits"].items() if any(one["violation_ms"])]
        parts.append(("VIOLATION: " + ", ".join(violated), "white on red") if violated else ("no rule broken", "green"))
    if model.state.get("faults"):
        count = len(model.state["faults"])
        parts.append(("%d fault%s" % (count, "s" * (count > 1)), "black on yellow"))
    if model.asks:
        parts.append(("? keys" if model.actions else "? explains", "bold"))
    if model.runtime:
        parts.append((model.runtime, ""))
    if primary.get("heap_free"):
        parts.append(("%d KiB free" % (primary["heap_free"] // 1024), "dim"))
    if model.address:
        parts.append(("control %s" % model.address, "dim"))
    return parts


def status_line(model):
    """The state in one line: the primary's mode, each circuit's fullest phase, each EVSE that draws."""
    truth = model.state["truth"]
    circuits = []
    for name, one in truth["circuits"].items():
        fullest = max(range(len(one["rating"])), key=lambda phase, one=one: one["amps"][phase] - one["rating"][phase])
        circuits.append("%s %.1f/%.0f A" % (name, one["amps"][fullest], one["rating"][fullest]))
    evses = ["%s %.1f" % (name, max(one["amps"])) for name, one in truth["evses"].items() if any(one["amps"])]
    return "primary %s | %s | %s" % (mode(model), ", ".join(circuits), ", ".join(evses) or "no EVSE draws current")
