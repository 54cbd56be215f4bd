"""The file `copyright` of the package: its own license, and the licenses of the Python packages that it brings along."""

from email.parser import HeaderParser
from pathlib import Path

HEADER = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: ampacity

Files: *
Copyright: The Ampacity authors
License: Apache-2.0
 The text of the license is in /usr/share/common-licenses/Apache-2.0.
"""
APACHE = "The text of the license is in /usr/share/common-licenses/Apache-2.0.\n"
NAMES = ("LICEN", "COPYING", "NOTICE", "AUTHORS")


def license_of(info: Path) -> str:
    """The short name of a license, from the metadata of a wheel; "see below" if it has none."""
    metadata = HeaderParser().parsestr((info / "METADATA").read_text())
    short = metadata.get("License-Expression") or metadata.get("License") or ""
    return short if short and "\n" not in short else "see below"


def text_of(path: Path) -> str:
    """The text of a license; for that of Apache the place where Debian has it."""
    text = path.read_text(errors="replace")
    return APACHE if "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in text else text


def indented(text: str) -> str:
    """The text as the continuation of a field."""
    return "".join(f" {line.rstrip()}\n" if line.strip() else " .\n" for line in text.splitlines())


def copyright_text(library: Path, own: str) -> str:
    """The file. library: the folder with the packages and their dist-info; own: the license of the project."""
    if "Apache License" not in own:
        raise ValueError("LICENSE is not the one that the header of this module names")
    parts = [HEADER]
    for info in sorted(library.glob("*.dist-info")):
        name, version = info.name.removesuffix(".dist-info").rsplit("-", 1)
        if name == "ampacity":
            continue
        texts = sorted(path for path in info.rglob("*") if path.is_file() and path.name.upper().startswith(NAMES))
        body = "".join(indented(text_of(path)) for path in texts) or " No text in the package.\n"
        parts.append(f"\nComment: {name} {version}\nFiles: usr/lib/ampacity/{name}*\nCopyright: see the license\nLicense: {license_of(info)}\n{body}")
    return "".join(parts)
