"""`ampacity demo`: site, runtime, rig, story, verdict, summary. Exit codes: 0 every rule held, 1 one was broken."""

import json
import os
import signal
import sys
from pathlib import Path

from rich.console import Console

from ampacity_host.configure import compile_site, load_site
from ampacity_host.configure.analysis.budgets import site_budgets
from ampacity_host.demo import summary
from ampacity_host.demo.rig_process import DemoRig, RigFailed
from ampacity_host.demo.runtime_choice import choose
from ampacity_host.demo.story import STORY
from ampacity_host.demo.story_player import StoryPlayer
from ampacity_host.rig.control_channel.client import RigError
from ampacity_host.rig.ui.live import Lines, Screen, kinds_of
from ampacity_host.rig.ui.view_model import ViewModel

OK, BROKEN = 0, 1
WIDTH_MIN = 100     # of the tables without a terminal
CHART = Path("out") / "demo.png"


def run(runtime=None, lines=None, chart=None, story=STORY, console=None, as_json=False):
    """runtime: None for the best there is; lines: True for lines instead of the live view, None: as the terminal is;
    chart: path of the picture, default out/demo.png; as_json: the last line is an object. The exit code."""
    console = console or Console()
    chosen, name, why = choose(runtime)
    if why:
        print(why, flush=True)
    signal.signal(signal.SIGTERM, _interrupted)
    facts = compile_site(load_site(str(story.site)))
    budgets_ms = allowed_ms(facts)
    try:
        with DemoRig(story.site, chosen) as rig:
            player = play_story(rig, story, facts, name, console, budgets_ms, as_lines(lines, console))
    except (RigFailed, RigError, OSError) as error:
        print("ampacity demo: %s" % error, file=sys.stderr)
        return BROKEN
    status = conclude(player, kinds_of(facts), facts, budgets_ms, Path(chart or CHART), console, name, story.site)
    if as_json:
        worst = player.model.worst
        print(json.dumps({"ok": status == OK, "runtime": name, "broken": player.verdict.all(worst), "circuits": worst["circuits"],
                          "allowed_ms": budgets_ms, "chart": str(Path(chart or CHART).resolve())}), flush=True)
    return status


def _interrupted(*_):
    raise KeyboardInterrupt


def as_lines(lines, console):
    """No terminal, a terminal that cannot move its cursor, and CI get lines."""
    if lines is not None:
        return lines
    return not console.is_terminal or console.is_dumb_terminal or bool(os.environ.get("CI"))


def allowed_ms(facts):
    """Circuit → how long it may be above its rating after a step of other load, at a meter that may have just died, as `ampacity check` prints it."""
    return {one["circuit"]: one["total_ms"] for one in site_budgets(facts)}


def play_story(rig, story, facts, runtime_name, console, budgets_ms, lines):
    """Plays the story; the StoryPlayer with all it has seen."""
    model = ViewModel(facts["name"], kinds_of(facts), runtime_name, rig.ready["control"])
    painter = Lines(model, console) if lines else Screen(model, console)
    if lines:
        print("%s: %d EVSEs, firmware on %s, control channel %s" % (
            facts["name"], len(facts["evses"]), runtime_name, rig.ready["control"]), flush=True)
    player = StoryPlayer(rig.client, model, painter, late_ms(budgets_ms))
    try:
        with painter:
            player.play(story)
    except OSError as error:
        raise RigFailed("the rig is gone (%s)\n%s" % (error, rig.last_words())) from error
    return player


def late_ms(budgets_ms):
    """The same with two looks of ours."""
    return {name: value + 500 for name, value in budgets_ms.items()}


def conclude(player, kinds, facts, budgets_ms, chart, console, runtime_name, site):
    """Summary, chart, last lines; the exit code. On a terminal the lines for programs are left out, but for the last."""
    from ampacity_host.report.chart import draw

    worst, ratings = player.model.worst, player.recording.samples[-1].rating
    chart.parent.mkdir(parents=True, exist_ok=True)
    draw(player.recording, chart, "%s: %d EVSEs, one primary on %s" % (facts["name"], len(facts["evses"]), runtime_name))
    if not console.is_terminal:
        console.width = max(console.width, WIDTH_MIN)
    print("\n" + summary.figures(worst, player.sessions), flush=True)
    console.print(summary.evse_table(player.recording, kinds, player.sessions))
    console.print(summary.circuit_table(worst, ratings, budgets_ms))
    broken = player.verdict.all(worst)
    for text in broken:
        print("RULE BROKEN: %s" % text)
    if not broken:
        print("No rule was broken.")
        print(summary.passed(worst, budgets_ms))
        print("\n".join(summary.what_next(os.path.relpath(site) if Path(site).is_relative_to(Path.cwd()) else site)))
    lines = summary.last_lines(worst, ratings, budgets_ms, chart.resolve())
    print("\n".join(lines[-1:] if console.is_terminal else lines), flush=True)
    return BROKEN if broken else OK
