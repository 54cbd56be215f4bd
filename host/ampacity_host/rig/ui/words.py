"""Short words for the view: times, kinds, the header, one line of status."""

MODE_STYLE = {"quarantine": "black on yellow", "regulating": "black on green", "degraded": "black on yellow",
              "safe": "white on red", "down": "white on red"}
STATUS_STYLE = {"Charging": "green", "Suspended": "yellow", "Faulted": "bold red", "silent": "red", "Unavailable": "red",
                "Preparing": "cyan", "Finishing": "cyan"}


def clock(t_ms):
    """m:ss."""
    return "%d:%02d" % (t_ms // 60_000, t_ms // 1000 % 60)


def kind_word(kind):
    """A profile's name without its model: it has to fit a column."""
    return kind.split("-")[0]


def mode(look):
    return look.state["primary"]["mode"] if look.state["primary"] else "down"


def leader(look, name):
    """(view, primary): how the primary that leads an EVSE sees it, "" for the one at the top; view None: nobody does."""
    top = look.state["primary"] or {}
    for primary, view in {"": top, **(top.get("below") or {})}.items():
        if name in ((view or {}).get("evses") or {}):
            return view["evses"][name], primary
    return None, ""


def header(look):
    """[(words, style)] of the first line."""
    primary = look.state["primary"] or {}
    parts = [("Ampacity", "bold reverse"), (look.title, "bold"), (clock(look.t_ms), ""),
             ("primary %s" % mode(look), MODE_STYLE.get(mode(look), ""))]
    if look.worst is not None:
        violated = [name for name, one in look.worst["circuits"].items() if any(one["violation_ms"])]
        parts.append(("VIOLATION: " + ", ".join(violated), "white on red") if violated else ("no rule broken", "green"))
    if look.state.get("faults"):
        count = len(look.state["faults"])
        parts.append(("%d fault%s" % (count, "s" * (count > 1)), "black on yellow"))
    if look.asks:
        parts.append(("? keys" if look.hand else "? explains", "bold"))
    if look.runtime:
        parts.append((look.runtime, ""))
    if primary.get("heap_free"):
        parts.append(("%d KiB free" % (primary["heap_free"] // 1024), "dim"))
    if look.address:
        parts.append(("control %s" % look.address, "dim"))
    return parts


def status_line(look):
    """The state in one line: the primary's mode, each circuit's fullest phase, each EVSE that draws."""
    truth = look.state["truth"]
    circuits = []
    for name, one in truth["circuits"].items():
        fullest = max(range(len(one["rating"])), key=lambda phase, one=one: one["amps"][phase] - one["rating"][phase])
        circuits.append("%s %.1f/%.0f A" % (name, one["amps"][fullest], one["rating"][fullest]))
    evses = ["%s %.1f" % (name, max(one["amps"])) for name, one in truth["evses"].items() if any(one["amps"])]
    return "primary %s | %s | %s" % (mode(look), ", ".join(circuits), ", ".join(evses) or "nobody draws")
