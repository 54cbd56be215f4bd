"""Words that may come next in a line of the console: commands, the words of their usage, settings and their choices, names of the site."""

from ampacity.console.access import VIEWER, rank

if False:  # for the type checker
    from typing import Any

    from ampacity.console.interfaces import Target

    Own = tuple[tuple[str, str, str], ...]  # word, least role, usage

LISTS = {"evse": "evses", "circuit": "circuits"}  # behind `show`
SECRETS = ("login", "password")
NAMED = {"EVSE": ("evses",), "CIRCUIT": ("circuits",), "TARGET": ("evses", "circuits"), "BUS": ("buses",)}


def words_after(target: "Target", own: "Own", role: str, before: str, begun: str) -> "list[str]":
    """Sorted. own: the commands of every console, in addition to those of the target. before: the line before the word; begun: its first
    characters. Names of the site and settings only from the viewer on."""
    words = before.split()
    known = {name: usage for name, _, usage in own}
    for name in target.commands:
        known[name] = target.commands[name][0].split(":")[0]
    if not words or words == ["help"]:
        found = list(known)
    elif words[0] not in known:
        found = []
    else:
        found = _of_command(target, words, known[words[0]], rank(role) >= rank(VIEWER))
    return sorted([word for word in found if word.startswith(begun)])


def _of_command(target: "Target", words: "list[str]", usage: str, may_see: bool) -> "list[str]":
    if words[0] == "set":
        return _of_setting(target, words) if may_see else []
    if words[0] == "show" and len(words) > 1:
        return _names(target, (LISTS[words[1]],)) if may_see and len(words) == 2 and words[1] in LISTS else []
    parts = usage.replace("|", " ").replace("[", " ").replace("]", " ").split()[1:]
    found = [part for part in parts if part == part.lower() and "=" not in part and part not in words]
    if may_see:
        lists = [each for part in parts for each in NAMED.get(part.strip("…"), ())]
        found += [name for name in _names(target, lists) if name not in words]
    return found if len(words) == 1 or words[0] not in SECRETS else []


def _of_setting(target: "Target", words: "list[str]") -> "list[str]":
    rows = target.settings.rows
    if len(words) == 1:
        return [row.key for row in rows]
    row = ([each for each in rows if each.key == words[1]] or [None])[0]  # type: ignore[list-item]
    if len(words) > 2:
        return ["commit"] if "commit" not in words else []
    if row is None:
        return []
    return ["on", "off"] if row.kind == "bool" else list(row.choices)


def _names(target: "Target", lists: "tuple[str, ...] | list[str]") -> "list[str]":
    view: "Any" = target.view()
    return [name for each in lists for name in sorted(view.get(each) or {})]
