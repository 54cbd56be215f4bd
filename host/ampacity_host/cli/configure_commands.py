"""`ampacity configure …`: the configuration of a controller. The room is imported when a command is called."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ampacity_host.configure.transfer.command import Options

CODES = "Exit codes: 0 done, 1 refused (the field is named) and nothing changed, 2 wrong usage, 3 no connection."
DIFF_CODES = "Exit codes: 0 no difference, 1 a difference or a refused site, 2 wrong usage, 3 no connection."
MINUTES_MAX = 120

ControllerOption = Annotated[
    str | None, typer.Option("--controller", metavar="DIR|HOST:PORT|TTY", help="its data folder, console address, serial console, or prompt")
]
PromptOption = Annotated[bool, typer.Option("--prompt", help="TTY is a MicroPython prompt; default: detected")]
FolderOption = Annotated[
    str | None, typer.Option("--folder", metavar="FOLDER", help="at a MicroPython prompt: data folder; default: that of the boot stage, else /")
]
PasswordOption = Annotated[
    Path | None, typer.Option("--password-file", metavar="FILE", help="installer's password; default: AMPACITY_PASSWORD, or asked for")
]


def confirm_time(text: str | int) -> int:
    """Reader of --minutes."""
    if not str(text).isdecimal() or not 1 <= int(text) <= MINUTES_MAX:
        raise typer.BadParameter(f"{text!r} is not allowed; use 1 to {MINUTES_MAX}")
    return int(text)


MinutesOption = Annotated[
    int, typer.Option("--minutes", metavar="NUMBER", parser=confirm_time, help="confirm time: then the previous configuration returns by itself")
]
JsonOption = Annotated[bool, typer.Option("--json", help="one JSON object on standard output")]


def add_to(app: typer.Typer, site: Any, secondary: Any, line: Any, reached: Callable[[str | None], Any]) -> None:
    """Adds the commands. site, secondary, line: the annotated argument and options of a site file; reached: reads --controller."""
    configure = typer.Typer(no_args_is_help=True, help="Send, fetch, compare, save and restore the configuration of a controller.")

    def options(controller: str | None, prompt: bool, folder: str | None, password_file: Path | None, json: bool) -> "Options":
        from ampacity_host.configure.transfer.command import Options

        return Options(reached(controller), prompt, folder, password_file, json)

    @configure.callback()
    def about() -> None:
        """Send, fetch, compare, save and restore the configuration of a controller."""

    @configure.command(epilog=CODES)
    def push(
        site: site, controller: ControllerOption = None, secondary: secondary = None, line: line = None, minutes: MinutesOption = 10,
        trial: Annotated[bool, typer.Option("--trial", help="do not confirm: `commit confirm` at the console does")] = False,
        prompt: PromptOption = False, folder: FolderOption = None, password_file: PasswordOption = None, json: JsonOption = False,
    ) -> None:  # fmt: skip
        """Send the compiled SITE.toml; the controller checks it, restarts on it, and returns to the previous one unless it is confirmed."""
        from ampacity_host.configure.transfer.command import push_command

        raise typer.Exit(push_command(site, options(controller, prompt, folder, password_file, json), secondary, line, minutes, not trial))

    @configure.command(epilog=CODES)
    def pull(
        controller: ControllerOption = None,
        out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="default: standard output")] = None,
        prompt: PromptOption = False, folder: FolderOption = None, password_file: PasswordOption = None, json: JsonOption = False,
    ) -> None:  # fmt: skip
        """Fetch the active compiled configuration, without secrets."""
        from ampacity_host.configure.transfer.command import pull_command

        raise typer.Exit(pull_command(options(controller, prompt, folder, password_file, json), out))

    @configure.command(epilog=DIFF_CODES)
    def diff(
        site: site, controller: ControllerOption = None, secondary: secondary = None, line: line = None,
        prompt: PromptOption = False, folder: FolderOption = None, password_file: PasswordOption = None, json: JsonOption = False,
    ) -> None:  # fmt: skip
        """Compare the active configuration with SITE.toml; secrets are neither read nor compared."""
        from ampacity_host.configure.transfer.command import diff_command

        raise typer.Exit(diff_command(site, options(controller, prompt, folder, password_file, json), secondary, line))

    @configure.command(epilog=CODES)
    def backup(
        out: Annotated[Path, typer.Argument(metavar="FILE", help="the backup, a JSON file")],
        controller: ControllerOption = None,
        prompt: PromptOption = False, folder: FolderOption = None, password_file: PasswordOption = None, json: JsonOption = False,
    ) -> None:  # fmt: skip
        """Save site, profiles and settings to one file with a digest; secrets are not in it, and named."""
        from ampacity_host.configure.transfer.command import backup_command

        raise typer.Exit(backup_command(options(controller, prompt, folder, password_file, json), out))

    @configure.command(epilog=CODES)
    def restore(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="a backup")],
        controller: ControllerOption = None,
        secret: Annotated[list[str] | None, typer.Option("--secret", metavar="FIELD=FILE", help="content of a secret, as ocpp.password=FILE")] = None,
        minutes: MinutesOption = 10,
        prompt: PromptOption = False, folder: FolderOption = None, password_file: PasswordOption = None, json: JsonOption = False,
    ) -> None:  # fmt: skip
        """Check a backup, send it, and name the secrets that have to be set again."""
        from ampacity_host.configure.transfer.command import restore_command

        raise typer.Exit(restore_command(file, options(controller, prompt, folder, password_file, json), secret or [], minutes))

    app.add_typer(configure, name="configure", epilog="Exit codes: those of the command; 2 wrong usage.")
