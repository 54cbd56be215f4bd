"""What a commissioning test found out, in words with a remedy: numbers in, sentences out.

A finding is a dict like those of the check: code, where (name), level ("error": it did not pass; "warning": to be
known), text, fix. An outcome is "passed", "failed", or "not done" with the reason.
"""

from ampacity.base.quantities import amps, seconds, tenths

if False:  # for the type checker
    from collections.abc import Iterable, Sequence

    from ampacity.commission.interfaces import Finding, Off, Terminals

PASSED, FAILED, NOT_DONE = "passed", "failed", "not done"


def line_name(line: int) -> str:
    """L1 of line 0."""
    return "L%d" % (line + 1)


def lines_text(lines: "Iterable[int]") -> str:
    """"L1 and L3" of [0, 2]."""
    return listed([line_name(line) for line in lines]) or "no line"


def listed(words: "list[str]") -> str:
    """"a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def terminals_text(indexes: "Sequence[int]") -> str:
    """"terminal 1", "terminals 1 and 2" of indexes from 0."""
    words = listed([str(index + 1) for index in indexes])
    return ("terminal " if len(indexes) == 1 else "terminals ") + words


def phases_setting(terminals: "Terminals") -> str:
    """The `phases` entry of a site file for these terminals."""
    words = ["-".join([line_name(line) for line in terminal]) for terminal in terminals]
    return "phases = [%s]" % ", ".join(['"%s"' % word for word in words])


def shown_text(name: str, off: "Off") -> str:
    """What it shows while paused, in words."""
    shown = "no number" if off["shown_da"] is None else amps(off["shown_da"])
    states = ", ".join(["%s %s" % (register, value) for register, value in off["states"]])
    shown = "shows " + shown if off.get("read", True) else "needs no reading"
    return "%s: while it is paused register %s (%d) %s%s" % (name, off["register"], off["at"], shown, ", " + states if states else "")


def finding(code: str, where: str, text: str, fix: str, level: str = "error") -> "Finding":
    """One finding; level: error (it did not pass) or warning (to be known)."""
    return {"code": code, "where": where, "level": level, "text": text, "fix": fix}


def wrong_line(name: str, active: "Sequence[int]", seen: "Sequence[int]", expected: "Sequence[int]", terminals: "Terminals") -> "Finding":
    """terminals: as they would be right."""
    verb = "loads" if len(active) == 1 else "load"
    text = "%s: %s %s %s, the site file declares %s" % (name, terminals_text(active), verb, lines_text(seen), lines_text(expected))
    fix = phases_setting(terminals)
    if len(terminals) > len(active):
        fix += " (the other terminals follow from the rotation; measure each one with a single-phase load)"
    return finding("phases", name, text, fix + "; or swap the wires")


def missing_line(name: str, meter: str, missing: "list[int]") -> "Finding":
    """The EVSE draws on lines that the meter does not show."""
    text = "%s draws current on %s, but meter %s does not show it" % (name, lines_text(missing), meter)
    return finding("line-missing", meter, text, "check the CT of %s: open, not closed around the conductor, or not connected" % lines_text(missing))


def no_line(name: str, meter: str) -> "Finding":
    """No line of the meter follows the EVSE."""
    text = "no line of meter %s follows the current steps of %s" % (meter, name)
    fix = "correct the circuit of %s in the site file, or the position of the CTs: its current does not pass through them" % name
    return finding("not-measured", name, text, fix)


def reversed_ct(meter: str, line: int, seen_da: int, true_da: int) -> "Finding":
    """A CT shows seen_da (below 0) for a step of true_da."""
    text = "CT on %s of meter %s counts backwards: %s for a step of %s" % (line_name(line), meter, amps(seen_da), amps(true_da))
    return finding("ct-reversed", meter, text, "reverse this CT, or swap its two wires at the meter")


def wrong_ratio(meter: str, line: int, permille: int) -> "Finding":
    """A line of the meter shows permille of what flows."""
    text = "%s of meter %s shows %d %% of the actual current" % (line_name(line), meter, permille // 10)
    return finding("ct-ratio", meter, text, "correct the CT ratio in the meter, or the number of turns through the CT")


def swapped_cts(meter: str, pairs: "list[tuple[int, int]]") -> "Finding":
    """pairs: [(line of the file, line that answers)], from several EVSEs that agree."""
    words = ", ".join(["%s responds on %s" % (line_name(a), line_name(b)) for a, b in pairs])
    text = "all stepped EVSEs agree: at meter %s %s" % (meter, words)
    return finding("ct-swapped", meter, text, "swap the CTs (or their wires) at the meter; the EVSEs then match the site file")


def draws_more(name: str, order_da: int, drawn_da: int, step_da: int) -> "Finding":
    """It draws more than its order, in da; step_da: its steps by the profile."""
    text = "%s draws %s at an order of %s: it rounds up, which its profile does not declare" % (name, amps(drawn_da), amps(order_da))
    return finding("rounding", name, text, "correct the rounding in its profile: orders in whole steps of %s" % amps(max(step_da, 10)))


def too_slow(name: str, ms: int, claimed_ms: int) -> "Finding":
    """It follows a lower order after ms, not after claimed_ms."""
    text = "%s took %s to follow a lower order; its profile declares %s" % (name, seconds(ms), seconds(claimed_ms))
    return finding("latency", name, text, "settle_ms in its profile: at least %d" % (-(-ms // 1000) * 1000))


def watchdog_dead(name: str, watchdog_ms: int, max_da: int, holds: bool) -> "Finding":
    """It did not fall. max_da: its reserve from now on; holds: its silence keeps its order."""
    text = "%s did not fall back after %s of silence, as its profile declares" % (name, seconds(watchdog_ms))
    counts = "it is treated as an EVSE without a watchdog (class N): reserve %s" % amps(0 if holds else max_da)
    counts += ", and its last order counts during a loss of communication" if holds else ""
    return finding("watchdog", name, text + ": " + counts, "repair or replace the device; until then use a contactor in its feeder")


def watchdog_late(name: str, ms: int, claimed_ms: int) -> "Finding":
    """It fell after ms of silence, not after claimed_ms."""
    text = "%s fell back after %s of silence, its profile declares %s: %s apply from now on" % (name, seconds(ms), seconds(claimed_ms), seconds(ms))
    return finding("watchdog-late", name, text, "set its watchdog to %s, or watchdog_s = %d" % (seconds(claimed_ms), -(-ms // 1000)))


def watchdog_early(name: str, ms: int, claimed_ms: int) -> "Finding":
    """It fell after ms of silence, long before claimed_ms."""
    text = "%s fell back after only %s of silence, its profile declares %s" % (name, seconds(ms), seconds(claimed_ms))
    fix = "set its watchdog to %s: otherwise short bus interruptions pause it" % seconds(claimed_ms)
    return finding("watchdog-early", name, text, fix, "warning")


def not_held(name: str, before_da: int, after_da: int, max_da: int) -> "Finding":
    """In silence its current or its limit went from before_da to after_da."""
    text = "%s does not keep its order during a loss of communication: %s changed to %s; " % (name, amps(before_da), amps(after_da))
    text += "its reserve remains its maximum of %s" % amps(max_da)
    return finding("not-held", name, text, "install a contactor in its feeder, or provide capacity for its maximum", "warning")


def fallback_high(name: str, da: int, claimed_da: int) -> "Finding":
    """It falls back to da, more than claimed_da."""
    text = "%s falls back to %s, expected %s: %s apply from now on" % (name, amps(da), amps(claimed_da), amps(da))
    return finding("fallback", name, text, "set its fallback to %s, or fallback_a = %s" % (amps(claimed_da), tenths(da)))


def power_on_high(name: str, da: int, claimed_da: int) -> "Finding":
    """After it was switched on it allows da, more than claimed_da."""
    text = "%s allows %s after power-on, expected %s: %s apply from now on" % (name, amps(da), amps(claimed_da), amps(da))
    return finding("power-on", name, text, "power_on_a = %s, or set it in the device" % tenths(da))


def off_shows(name: str, text: str, shows: str) -> "Finding":
    """What it shows while it is paused; shows: the site file's word for that."""
    text += "; its acknowledgement, its state and a current of 0 A prove its pause from now on"
    return finding("off-shows", name, text, 'off_shows = "%s" in its [[evse]]; the controller already uses this value' % shows, "warning")


def not_paused(name: str) -> "Finding":
    """It acknowledged a pause, and its load went on."""
    text = "%s acknowledged a pause, but its load continued or the pause was not shown again: the acknowledgement is not evidence" % name
    return finding("not-paused", name, text, "check whether control over its bus is enabled (energy management in its configuration)")


def other_unit(name: str, unit: int) -> "Finding":
    """Another unit than that answers at this address."""
    text = "%s: another EVSE stopped and started" % name
    return finding("identity", name, text, "set the address of the EVSE at this place to %d, or swap the names in the site file" % unit)


def same_unit(name: str, where: str, trouble: str) -> "Finding":
    """Two devices have one address; trouble: the report of the bus."""
    text = "%s (%s): %s" % (name, where, trouble)
    return finding("duplicate-unit", name, text, "give each device a unique address: switch the others off and set them one by one")


def no_answer(name: str, where: str) -> "Finding":
    """Nothing answers at its place, where: bus and address."""
    text = "%s does not answer at %s" % (name, where)
    return finding("no-answer", name, text, "check power, wires A and B, baud and parity, and its address; `scan` lists the devices that answer")


def locked(name: str, state: str, word: str) -> "Finding":
    """The guard does not let it charge; word: the console's command that ends that."""
    fix = "see `why %s`; when the cause is removed, `%s` at the console" % (name, word % name)
    return finding("locked", name, "%s is locked: %s" % (name, state), fix)


def no_return(name: str) -> "Finding":
    """It did not come back after a silence under test."""
    return finding("return", name, "%s did not return to service after its watchdog test" % name, "see `why %s` and `log`" % name)
