"""Reading of the command line: uncut help, and former option names that still work but are not shown."""

from functools import partial
from typing import Any

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

CONTROLLER = "--controller"
FRONT = ""  # the value becomes a leading argument
OLD = {
    "run": {"--site": FRONT}, "rig": {"--site": FRONT}, "replay": {"--site": FRONT},
    "scan": {"--site": FRONT, "--console": CONTROLLER},
    "check": {"--data": CONTROLLER}, "excursions": {"--data": CONTROLLER},
    "console": {"--data": CONTROLLER, "--connect": CONTROLLER},
    "commission": {"--console": CONTROLLER, "--port": CONTROLLER}, "replace": {"--console": CONTROLLER, "--port": CONTROLLER},
    "push": {"--port": CONTROLLER}, "pull": {"--port": CONTROLLER}, "diff": {"--port": CONTROLLER},
}  # fmt: skip
BELOW = {"push": "configure", "pull": "configure", "diff": "configure"}  # commands that were at the top


def respelled(args: list[str], old: dict[str, str]) -> list[str]:
    """The words with the current option names. Raises ValueError for two controllers."""
    front: list[str] = []
    rest: list[str] = []
    waiting = list(args)
    while waiting and waiting[0] != "--":
        name, equals, value = waiting.pop(0).partition("=")
        if name not in old or not (equals or waiting):
            rest.append(name + equals + value)
            continue
        value = value if equals else waiting.pop(0)
        if old[name] == FRONT:
            front.append(value)
        else:
            rest.append(f"{old[name]}={value}")
    if sum(word.partition("=")[0] == CONTROLLER for word in rest) > 1:
        raise ValueError("name the controller once")
    return front + rest + waiting


TYPES = {"str": "TEXT", "int": "NUMBER", "int range": "NUMBER", "float": "NUMBER", "float range": "NUMBER"}


def type_word(display: Any, ctx: Any) -> str:
    """Type of an option's value for people: no brackets, no Python names."""
    word = str(display(ctx)).strip("<>")
    return TYPES.get(word, word)


def read(parse: Any, old: dict[str, str], ctx: Any, args: list[str]) -> Any:
    """Lets a command parse its words after former option names are replaced."""
    try:
        return parse(ctx, respelled(args, old))
    except ValueError as problem:
        raise typer.BadParameter(str(problem)) from None


def write_commands(group: Any, ctx: Any, formatter: Any) -> None:
    """Writes the list of commands with their first sentences uncut."""
    shown = [(name, group.get_command(ctx, name)) for name in group.list_commands(ctx)]
    with formatter.section("Commands"):
        formatter.write_dl([(name, one.get_short_help_str(limit=1000)) for name, one in shown if one is not None and not one.hidden])


def plain(name: str, command: Any) -> None:
    """Shows arguments by name only and option types in plain words, for a command and its sub-commands."""
    for parameter in command.params:
        if isinstance(parameter, TyperArgument):
            parameter.display_type_rich = lambda ctx: None  # type: ignore[method-assign]
        elif isinstance(parameter, TyperOption):
            parameter.display_type = partial(type_word, parameter.display_type)  # type: ignore[method-assign]
    if name in OLD:
        command.parse_args = partial(read, command.parse_args, OLD[name])
    below = getattr(command, "commands", {})
    if below:
        command.format_commands = partial(write_commands, command)
    for each, one in below.items():
        plain(each, one)


class Group(TyperGroup):
    """The group of all commands."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        plain("", self)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """`rig do` is a command of two words, because `rig` takes a site as its first argument."""
        if args and args[0] in BELOW:
            args = [BELOW[args[0]], *args]
        return super().resolve_command(ctx, ["rig do", *args[2:]] if args[:2] == ["rig", "do"] else args)
