"""RAUC: the input folder of `rauc bundle` around a signed bundle. Its handler hands the bundle to the running controller, which judges it."""

import re
import shutil
from pathlib import Path
from typing import Any

from ampacity_host.update.bundle import read_manifest, split
from ampacity_host.update.command import answered
from ampacity_host.update.refused import Refused

MANIFEST, HANDLER, BUNDLE = "manifest.raucm", "ampacity-handler.sh", "application.bundle"
FORMATS = ("verity", "plain")
COMPATIBLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
MANIFEST_TEXT = """[update]
compatible={compatible}
version={version}

[bundle]
format={format}

[handler]
filename={handler}
"""
HANDLER_TEXT = f"""#!/bin/sh
# Handler of a RAUC bundle, written by `ampacity bundle rauc`: the controller of this machine judges the bundle of Ampacity that is inside.
# /etc/default/ampacity-rauc may set CONTROLLER (data folder, HOST:PORT), PASSWORD_FILE (with the installer's password), OPTIONS (such as --activate).
CONTROLLER=/var/lib/ampacity PASSWORD_FILE='' OPTIONS='' AMPACITY=ampacity
settings=${{AMPACITY_RAUC:-/etc/default/ampacity-rauc}}
[ ! -r "$settings" ] || . "$settings"
set -- bundle push "$RAUC_BUNDLE_MOUNT_POINT/{BUNDLE}" --controller "$CONTROLLER"
[ -z "$PASSWORD_FILE" ] || set -- "$@" --password-file "$PASSWORD_FILE"
said=$("$AMPACITY" "$@" $OPTIONS </dev/null 2>&1)
status=$?
last=$(printf '%s\\n' "$said" | tail -n 1)
[ "$status" -eq 0 ] && echo "$last" || echo "<< error $last"
exit "$status"
"""


def rauc_command(file: Path, out: Path, compatible: str, kind: str, as_json: bool) -> int:
    """Writes the folder for `rauc bundle`. kind: format of RAUC's bundle. 0 written, 1 no bundle, 2 wrong usage."""

    def work() -> tuple[dict[str, Any], str]:
        if not COMPATIBLE.fullmatch(compatible):
            raise Refused("--compatible", f"{compatible!r} is not allowed; use 1 to 64 letters, digits, blanks, . _ -")
        if out.is_dir() and (strange := sorted({path.name for path in out.iterdir()} - {MANIFEST, HANDLER, BUNDLE})):
            raise Refused("--out", f"{out / strange[0]} would be part of the bundle; use an empty folder")
        message, _ = split(file.read_bytes())
        version = read_manifest(message.payload).version
        out.mkdir(parents=True, exist_ok=True)
        (out / MANIFEST).write_text(MANIFEST_TEXT.format(compatible=compatible, version=version, format=kind, handler=HANDLER))
        (out / HANDLER).write_text(HANDLER_TEXT)
        (out / HANDLER).chmod(0o755)
        shutil.copyfile(file, out / BUNDLE)
        facts = {"folder": str(out), "version": version, "compatible": compatible, "format": kind}
        return facts, f"{out}: {version} for {compatible}; then: rauc --cert=CERT --key=KEY bundle {out} {version}.raucb"

    return answered(work, as_json)
