"""`ampacity bundle …`: update bundles, the keys that sign them, their way to a controller. The room `update` is imported when a command is called."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ampacity_host.cli.controller import USAGE, ControllerOption, fail, reached

KeysOption = Annotated[Path, typer.Option("--keys", metavar="FOLDER", help="folder with the keys")]
SignedByOption = Annotated[str | None, typer.Option("--signed-by", metavar="NAME", help="root key that signs the list; default: the first")]
JsonOption = Annotated[bool, typer.Option("--json", help="one JSON object on standard output")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="a bundle")]
KEYS = Path("keys")
CODES = "Exit codes: 0 done, 1 refused, 2 wrong usage."


class Kind(StrEnum):
    """What a bundle contains."""

    application = "application"
    configuration = "configuration"


class RaucFormat(StrEnum):
    """Formats of RAUC's own bundle."""

    verity = "verity"
    plain = "plain"


bundles = typer.Typer(no_args_is_help=True, help="Update bundles: sign, verify, show, push; keys.")
keys = typer.Typer(no_args_is_help=True, help="Keys: new, list, revoke.")
bundles.add_typer(keys, name="key", epilog="Exit codes: those of the command; 2 wrong usage.")


@bundles.callback()
def bundle() -> None:
    """Update bundles: sign, verify, show and push them; manage the keys that sign them."""


@keys.callback()
def key() -> None:
    """Keys that sign bundles, and root keys that sign the list of them."""


@keys.command("new", epilog=CODES)
def key_new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="name of the key")],
    root: Annotated[bool, typer.Option("--root", help="a root key, which signs key lists only")] = False,
    kind: Annotated[list[Kind] | None, typer.Option("--kind", help="what it may sign; default: application")] = None,
    folder: KeysOption = KEYS,
    signed_by: SignedByOption = None,
    json: JsonOption = False,
) -> None:
    """Make a key pair; a signing key is also added to a new signed key list."""
    from ampacity_host.update.command import key_new_command

    kinds = sorted({each.value for each in kind or [Kind.application]})
    raise typer.Exit(key_new_command(name, root, kinds, folder, signed_by, json))


@keys.command("list", epilog=CODES)
def key_list(folder: KeysOption = KEYS, json: JsonOption = False) -> None:
    """List root keys, signing keys and revoked keys; private parts are never shown."""
    from ampacity_host.update.command import key_list_command

    raise typer.Exit(key_list_command(folder, json))


@keys.command("revoke", epilog=CODES)
def key_revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="name or id of the key")],
    folder: KeysOption = KEYS,
    signed_by: SignedByOption = None,
    json: JsonOption = False,
) -> None:
    """Revoke a key permanently, in a new signed list."""
    from ampacity_host.update.command import key_revoke_command

    raise typer.Exit(key_revoke_command(key, folder, signed_by, json))


@bundles.command(epilog=CODES)
def sign(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="folder with the files; those that begin with a dot are left out")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="the bundle")],
    key: Annotated[str, typer.Option("--key", metavar="NAME", help="signing key")],
    board: Annotated[list[str], typer.Option("--board", metavar="NAME", help="board that it runs on; may be repeated")],
    release: Annotated[str, typer.Option("--release", metavar="TEXT", help="version name, such as 1.4.0")],
    sequence: Annotated[int, typer.Option("--sequence", metavar="NUMBER", help="rises with each release")],
    floor: Annotated[int, typer.Option("--floor", metavar="NUMBER", help="lowest sequence that may be installed after it")] = 0,
    kind: Annotated[Kind, typer.Option(help="what it contains")] = Kind.application,
    serial: Annotated[list[str] | None, typer.Option("--serial", metavar="NUMBER", help="only for this controller; may be repeated")] = None,
    product: Annotated[str, typer.Option("--product", metavar="NAME", help="product")] = "ampacity",
    keys: KeysOption = KEYS,
    json: JsonOption = False,
) -> None:
    """Make a signed bundle of all files below FOLDER."""
    from ampacity_host.update.command import sign_command

    fields = {"product": product, "kind": kind.value, "boards": sorted(set(board)), "version": release, "sequence": sequence, "floor": floor}
    raise typer.Exit(sign_command(folder, out, key, keys, fields | {"controllers": sorted(set(serial or []))}, json))


@bundles.command(epilog="Exit codes: 0 verified, 1 refused, 2 wrong usage or no such file.")
def verify(
    file: FileArgument,
    keys: KeysOption = KEYS,
    board: Annotated[str | None, typer.Option("--board", metavar="NAME", help="refuse it if it is not for this board")] = None,
    serial: Annotated[str | None, typer.Option("--serial", metavar="NUMBER", help="refuse it if it is not for this controller")] = None,
    floor: Annotated[int, typer.Option("--floor", metavar="NUMBER", help="refuse it below this sequence")] = 0,
    json: JsonOption = False,
) -> None:
    """Verify the signature and every byte of a bundle, as a controller does."""
    from ampacity_host.update.bundle import Device
    from ampacity_host.update.command import verify_command

    raise typer.Exit(verify_command(file, keys, Device(board, serial, floor), json))


@bundles.command(epilog="Exit codes: 0 read, 1 no bundle or key list, 2 wrong usage or no such file.")
def show(file: Annotated[Path, typer.Argument(metavar="FILE", help="a bundle or a key list")], json: JsonOption = False) -> None:
    """Show the contents of a bundle or a key list, without checking its signature."""
    from ampacity_host.update.command import show_command

    raise typer.Exit(show_command(file, json))


@bundles.command(epilog="Exit codes: 0 taken, 1 refused by the controller, 2 wrong usage or no such file, 3 no connection.")
def push(
    file: FileArgument,
    controller: ControllerOption = None,
    activate: Annotated[bool, typer.Option("--activate", help="restart with it at once, also while cars charge")] = False,
    for_secondaries: Annotated[bool, typer.Option("--for-secondaries", help="keep it there for its secondaries")] = False,
    password_file: Annotated[Path | None, typer.Option("--password-file", metavar="FILE", help="file with the installer's password")] = None,
    json: JsonOption = False,
) -> None:
    """Send a bundle or a key list to a running controller; a second call continues a broken one."""
    from ampacity_host.update.push import FOR_SECONDARIES, OWN, push_command

    if activate and for_secondaries:
        raise fail("--activate and --for-secondaries exclude each other", USAGE)
    try:
        password = None if password_file is None else password_file.read_text(encoding="utf-8").strip()
    except OSError as problem:
        raise typer.BadParameter(f"{password_file}: {problem.strerror}") from None
    raise typer.Exit(push_command(file, reached(controller), password, activate, json, FOR_SECONDARIES if for_secondaries else OWN))


@bundles.command(epilog="Exit codes: 0 made, 1 refused, 2 wrong usage or no such folder.")
def slots(
    root: Annotated[Path, typer.Argument(metavar="DIR", help="new folder, for `ampacity run --slots`")],
    board: Annotated[str, typer.Option("--board", metavar="NAME", help="board that bundles have to name")] = "linux-arm",
    serial: Annotated[str | None, typer.Option("--serial", metavar="NUMBER", help="serial number that bundles may name")] = None,
    keys: KeysOption = KEYS,
    json: JsonOption = False,
) -> None:
    """Prepare two empty slots for a controller on Linux, with root keys and key list."""
    from ampacity_host.update.linux_slots import slots_command

    raise typer.Exit(slots_command(root, keys, board, serial, json))


@bundles.command(epilog="Exit codes: 0 written, 2 wrong usage.")
def application(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="folder for `ampacity bundle sign`")], json: JsonOption = False
) -> None:
    """Write the firmware of this installation as the application of a controller on Linux."""
    from ampacity_host.update.linux_slots import application_command

    raise typer.Exit(application_command(out, json))


@bundles.command(epilog="Exit codes: 0 written, 1 the site file is refused, 2 wrong usage.")
def configuration(
    site: Annotated[Path, typer.Argument(metavar="SITE", help="site file (.toml)")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="folder for `ampacity bundle sign --kind configuration`")],
    json: JsonOption = False,
) -> None:
    """Write the compiled site file, without its secrets, as the configuration of a primary."""
    from ampacity_host.update.configuration import configuration_command

    raise typer.Exit(configuration_command(site, out, json))


@bundles.command(epilog="Exit codes: 0 written, 1 refused, 2 wrong usage or no such file.")
def rauc(
    file: FileArgument,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="folder for `rauc bundle`")],
    compatible: Annotated[str, typer.Option("--compatible", metavar="TEXT", help="`compatible` of the controller's /etc/rauc/system.conf")],
    format: Annotated[RaucFormat, typer.Option(help="of RAUC's bundle; verity needs dm-verity in the controller's kernel")] = RaucFormat.verity,
    json: JsonOption = False,
) -> None:
    """Write the input of `rauc bundle` around a signed bundle: its handler hands it to the running controller, which judges it."""
    from ampacity_host.update.rauc import rauc_command

    raise typer.Exit(rauc_command(file, out, compatible, format.value, json))
