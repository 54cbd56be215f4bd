"""What is said at the end: tables for people, and last lines for programs."""

from rich.table import Table

from ampacity_host.rig.ui.labels import kind_word


def evse_table(recording, kinds, sessions):
    """Energy and longest pause of each EVSE, sessions as the CSMS saw them."""
    table = Table(title="EVSEs; sessions as the CSMS saw them", title_justify="left", box=None, header_style="dim")
    for name, justify in (("EVSE", "left"), ("kind", "left"), ("energy", "right"), ("highest A", "right"),
                          ("longest shed", "right"), ("sessions", "right")):
        table.add_column(name, justify=justify, no_wrap=True)
    for number, name in enumerate(recording.evses, 1):
        most = max(max(sample.evses[name]["amps"]) for sample in recording.samples)
        started, ended = sessions.started.get(number, 0), sessions.ended.get(number, 0)
        table.add_row(name, kind_word(kinds.get(name, "")), "%d Wh" % recording.energy_wh(name), "%.1f" % most,
                      "%.1f s" % (recording.longest_shed_ms(name) / 1000), "%d (%d ended)" % (started, ended))
    energy_wh = sum(recording.energy_wh(name) for name in recording.evses)
    table.add_row("total", "", "%d Wh" % energy_wh, "", "", "%d (%d ended)" % sessions.total())
    return table


def circuit_table(worst, ratings, budgets_ms):
    """Each circuit: rating, least margin, time above the rating, time allowed."""
    table = Table(title="Circuits; allowed: after a step of other load", title_justify="left",
                  box=None, header_style="dim")
    for name, justify in (("circuit", "left"), ("rating", "right"), ("least margin", "right"), ("above rating", "right"),
                          ("allowed", "right"), ("violation", "right")):
        table.add_column(name, justify=justify, no_wrap=True)
    for name, one in worst["circuits"].items():
        table.add_row(name, "%.0f A" % min(ratings[name]), "%.1f A" % min(one["min_margin_a"]), seconds(max(one["over_ms"])),
                      seconds(budgets_ms.get(name, 0)), seconds(max(one["violation_ms"])))
    return table


def seconds(ms):
    return "%.1f s" % (ms / 1000)


def figures(worst, book):
    """One line: how the parts kept up."""
    buses = ", ".join("%s %d frames, %d errors, cycle %d ms" % (name, bus["frames"], bus["errors"], bus["cycle_ms"])
                      for name, bus in worst["buses"].items())
    heap = worst["primary"]["heap_free_min"]
    parts = [buses, "longest stall of the primary %d ms" % worst["stall_ms"]]
    parts += ["least free heap %d KiB" % (heap // 1024)] if heap else []
    return "; ".join([*parts, "%d OCPP messages" % book.messages])


def last_lines(worst, ratings, budgets_ms, chart):
    """The lines that a program reads: the least margin of each circuit, then where the chart is."""
    lines = []
    for name, one in worst["circuits"].items():
        least = min(one["min_margin_a"])
        phase = one["min_margin_a"].index(least)
        lines.append("least margin %s: %.1f A on L%d of %.0f A (%.1f s above, %.1f s allowed; violation %.1f s)" % (
            name, least, phase + 1, ratings[name][phase], max(one["over_ms"]) / 1000, budgets_ms.get(name, 0) / 1000,
            max(one["violation_ms"]) / 1000))
    return [*lines, "chart: %s" % chart]


def passed(worst, budgets_ms):
    """One line for people: how near it was."""
    above = ["%s was %s above its rating, %s are allowed" % (name, seconds(max(one["over_ms"])), seconds(budgets_ms.get(name, 0)))
             for name, one in worst["circuits"].items() if max(one["over_ms"])]
    return "Passed: %s." % ("; ".join(above) or "no circuit was ever above its rating")


def what_next(site):
    """What to try with the same site. site: its file."""
    return ["Next:  ampacity rig %s --ui  (the same site, controlled by keys)" % site,
            "       ampacity check %s  (how the allowed times are computed)" % site]
