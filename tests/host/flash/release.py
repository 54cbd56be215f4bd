"""A signed release for the tests of flashing: keys, an image built once for a process, and its bundle."""

import functools
import shutil
import tempfile
from pathlib import Path

from typer.testing import CliRunner

from ampacity_host.cli import app
from ampacity_host.update.bundle import Manifest, listed, pack
from ampacity_host.update.key_folder import KeyFolder

FIELDS = ("--key", "release", "--release", "1.4.0", "--sequence", 12, "--floor", 9)


def said(*words):
    """Runs one `ampacity` command; the result has exit_code, stdout and stderr."""
    return CliRunner().invoke(app, [str(word) for word in words])


def done(*words):
    """The same, which has to succeed."""
    result = said(*words)
    assert result.exit_code == 0, result.output
    return result


def signed(files, keys, sequence=1, board="unix"):
    """A bundle of these (path, content) with a right signature, whatever is in them: `ampacity bundle sign` looks at that."""
    manifest = Manifest("ampacity", "application", [board], f"{sequence}.0", sequence, 0, listed(files), [])
    return pack(manifest, files, KeyFolder(keys).signing_key("release"))


@functools.cache
def _made(board, role):
    folder = Path(tempfile.mkdtemp(prefix="release-"))
    keys = ("--keys", folder / "keys")
    done("bundle", "key", "new", "root-a", "--root", *keys)
    done("bundle", "key", "new", "release", *keys)
    done("build", board, "--role", role, "--out", folder)
    done("bundle", "sign", folder / "app", "--out", folder / "app.bundle", "--board", board, *FIELDS, *keys)
    return folder


def release(folder, board, role="secondary"):
    """(bundle, keys) in `folder`, for this board."""
    made = _made(board, role)
    shutil.copy(made / "app.bundle", folder / "app.bundle")
    shutil.copytree(made / "keys", folder / "keys")
    return folder / "app.bundle", folder / "keys"
