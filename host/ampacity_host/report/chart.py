"""A run as one picture: the load of the tightest phase, each circuit against its rating; of a Recording orders against currents, too.

The demonstration (seconds) and a replay (days) are drawn by the same panels.
"""

from datetime import UTC, datetime

import matplotlib

matplotlib.use("Agg")

from matplotlib import dates, pyplot  # noqa: E402
from matplotlib.patches import Patch  # noqa: E402

PHASE_COLOURS = ("#0072b2", "#d55e00", "#111111")  # told apart with any eyes, and in print by their dashes
PHASE_DASHES = ("-", "--", ":")
OTHER_COLOUR, EVSES_COLOUR = "#b8bcc4", "#1f77b4"
MODE_COLOURS = {"quarantine": "#fff3c4", "degraded": "#ffe0b3", "safe": "#f8c9c4", None: "#e2e2e8"}
MODE_WORDS = {"quarantine": "quarantine", "degraded": "degraded", "safe": "safe", None: "primary down"}
RATING = {"color": "#d62728", "linewidth": 1.6}


def draw(recording, path, title=""):
    """Writes the picture to `path` (by its ending: .png, .svg, .pdf). The recording has at least two samples."""
    circuits = recording.circuits
    figure, axes = pyplot.subplots(len(circuits) + 2, 1, sharex=True, figsize=(13, 4.6 + 2.0 * len(circuits) + 2.4),
                                   height_ratios=[2.4, *[1] * len(circuits), 0.26 * max(6, len(recording.evses))], layout="constrained")
    times = recording.seconds()
    _stacked(axes[0], recording, times)
    for axis, name in zip(axes[1:-1], circuits, strict=True):
        _circuit(axis, recording, times, name)
    _orders(axes[-1], recording, times)
    for axis in axes:
        _background(axis, recording)
        axis.set_xlim(times[0], times[-1])
    _marks(axes, recording)
    axes[-1].xaxis.set_major_formatter(lambda at_s, _: "%d:%02d" % (at_s // 60, at_s % 60))
    axes[-1].set_xlabel("minutes and seconds since the site was switched on, as in the view")
    figure.text(0.01, 0.995, title, ha="left", va="top", fontsize=13, fontweight="bold")
    _key(figure, recording)
    figure.get_layout_engine().set(rect=(0, 0, 1, 0.945))
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def draw_days(circuits, unix_s, path, title=""):
    """A replay. circuits: the root first, (name, rating_a [phase], amps [phase][sample], other [phase][sample]); unix_s: the site's
    local time of each sample, as if it were UTC."""
    figure = days_figure(circuits, unix_s, title)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def days_figure(circuits, unix_s, title=""):
    """The same, not yet written."""
    figure, axes = pyplot.subplots(len(circuits) + 1, 1, sharex=True, figsize=(13, 4.6 + 2.0 * len(circuits)),
                                   height_ratios=[2.4, *[1] * len(circuits)], layout="constrained")
    times = [datetime.fromtimestamp(at, UTC) for at in unix_s]
    name, rating, amps, other = circuits[0]
    phase, _ = tightest(amps, rating)
    evses = [max(0.0, all_a - other_a) for all_a, other_a in zip(amps[phase], other[phase], strict=True)]
    _stack(axes[0], times, [other[phase], evses], ["other load", "EVSEs"], [OTHER_COLOUR, EVSES_COLOUR],
           rating[phase], "%s L%d: other load and EVSEs" % (name, phase + 1))
    for axis, (name, rating, amps, _) in zip(axes[1:], circuits, strict=True):
        _against(axis, times, amps, rating, name)
    for axis in axes:
        axis.set_xlim(times[0], times[-1])
    locator = dates.AutoDateLocator(maxticks=12)
    axes[-1].xaxis.set_major_locator(locator)
    axes[-1].xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, show_offset=False))
    axes[-1].set_xlabel("local time of the site, %s to %s" % (times[0].strftime("%Y-%m-%d %H:%M"), times[-1].strftime("%Y-%m-%d %H:%M")))
    figure.text(0.01, 0.995, title, ha="left", va="top", fontsize=13, fontweight="bold")
    figure.get_layout_engine().set(rect=(0, 0, 1, 0.945))
    return figure


def tightest(amps, rating):
    """(phase index, least margin in A)."""
    margins = [most - max(values) for most, values in zip(rating, amps, strict=True)]
    return margins.index(min(margins)), min(margins)


def _stacked(axis, recording, times):
    """The root's tightest phase: other load and what each EVSE draws there, one on the other."""
    root = recording.circuits[0]
    phase, _ = recording.tightest(root)
    samples = recording.samples
    layers = [[sample.other[root][phase] for sample in samples]]
    layers += [[sample.evses[name]["amps"][phase] for sample in samples] for name in recording.evses]
    _stack(axis, times, layers, ["other load", *recording.evses], [OTHER_COLOUR, *_evse_colours(recording)],
           samples[-1].rating[root][phase], "%s L%d: other load and EVSEs" % (root, phase + 1))


def _stack(axis, times, layers, labels, colours, rating, title):
    """Layers one on the other, against one rating."""
    axis.stackplot(times, layers, labels=labels, colors=colours, linewidth=0)
    axis.axhline(rating, label="rating %.0f A" % rating, **RATING)
    axis.set_ylabel("A")
    axis.set_title(title, loc="left", fontsize=10, pad=17)
    axis.grid(True, axis="y", linewidth=0.3)
    handles, labels = axis.get_legend_handles_labels()
    axis.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.005, 0.5), fontsize=8, frameon=False)
    axis.set_ylim(0, max(rating * 1.18, 1.02 * max(map(sum, zip(*layers, strict=True)))))


def _evse_colours(recording):
    palette = matplotlib.colormaps["tab10"].colors + matplotlib.colormaps["Set3"].colors
    return [palette[index % len(palette)] for index in range(len(recording.evses))]


def _circuit(axis, recording, times, name):
    rating = recording.samples[-1].rating[name]
    _against(axis, times, [[sample.amps[name][phase] for sample in recording.samples] for phase in range(len(rating))], rating, name)


def _against(axis, times, amps, rating, name):
    """What each phase of a circuit carries, against its rating. amps: [phase][sample]."""
    for phase, values in enumerate(amps):
        axis.plot(times, values, label="L%d" % (phase + 1), linewidth=1.2, color=PHASE_COLOURS[phase % 3],
                  linestyle=PHASE_DASHES[phase % 3], drawstyle="steps-post")
    for value in sorted(set(rating)):
        axis.axhline(value, **RATING)
    phase, least = tightest(amps, rating)
    axis.set_title("%s, rating %s A; least margin of the samples %.1f A on L%d"
                   % (name, " / ".join("%.0f" % value for value in sorted(set(rating))), least, phase + 1), loc="left", fontsize=10)
    axis.set_ylabel("A")
    axis.grid(True, axis="y", linewidth=0.3)
    axis.set_ylim(0, max(max(rating) * 1.15, 1.05 * max(map(max, amps))))
    axis.legend(loc="center left", bbox_to_anchor=(1.005, 0.5), fontsize=8, frameon=False)


def _orders(axis, recording, times):
    """A lane for each EVSE: the limit that it obeys as a line, what its fullest phase draws filled below it."""
    names = recording.evses
    most = max([1.0] + [max(one["order_a"], *one["amps"]) for sample in recording.samples for one in sample.evses.values()])
    for lane, (name, colour) in enumerate(zip(names, _evse_colours(recording), strict=True)):
        base = len(names) - 1 - lane
        facts = [sample.evses[name] for sample in recording.samples]
        drawn = [base + 0.86 * max(one["amps"]) / most for one in facts]
        axis.fill_between(times, base, drawn, color=colour, linewidth=0, step="post")
        axis.plot(times, [base + 0.86 * one["order_a"] / most for one in facts], color="#1f2a44", linewidth=0.9, drawstyle="steps-post")
        axis.axhline(base, color="#888888", linewidth=0.4)
    axis.set_yticks([len(names) - 1 - lane + 0.4 for lane in range(len(names))], names, fontsize=8)
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(0, len(names))
    axis.set_title("each EVSE: limit that it obeys (line) and current of its fullest phase (filled), lanes of %.0f A" % most,
                   loc="left", fontsize=10)


def _background(axis, recording):
    """Shades every stretch in which the primary does not simply regulate."""
    samples = recording.samples
    start = 0
    for index in range(1, len(samples) + 1):
        if index == len(samples) or samples[index].mode != samples[start].mode:
            colour = MODE_COLOURS.get(samples[start].mode)
            if colour:
                end = samples[min(index, len(samples) - 1)].t_ms
                axis.axvspan(samples[start].t_ms / 1000, end / 1000, color=colour, linewidth=0, zorder=0)
            start = index


def _marks(axes, recording):
    """Numbers on top and a line through all panels."""
    for number, (t_ms, _) in enumerate(recording.marks, 1):
        for axis in axes:
            axis.axvline(t_ms / 1000, color="#1f2a44", linewidth=0.6, linestyle=(0, (4, 3)))
        axes[0].annotate(str(number), (t_ms / 1000, 1), xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points",
                         ha="center", va="bottom", fontsize=7.5, color="white",
                         bbox={"boxstyle": "circle,pad=0.18", "facecolor": "#1f2a44", "linewidth": 0})


def _key(figure, recording):
    """What the numbers and the shades mean, in the figure's head."""
    words = ["%d %s" % (number, text) for number, (_, text) in enumerate(recording.marks, 1)]
    rows = [words[start:start + 7] for start in range(0, len(words), 7)]
    figure.text(0.01, 0.972, "\n".join("     ".join(row) for row in rows), ha="left", va="top", fontsize=9, color="#1f2a44")
    modes = {sample.mode for sample in recording.samples} & set(MODE_COLOURS)
    patches = [Patch(color=MODE_COLOURS[mode], label=MODE_WORDS[mode]) for mode in sorted(modes, key=str)]
    if patches:
        figure.legend(handles=patches, loc="upper right", fontsize=9, ncols=len(patches), frameon=False)
