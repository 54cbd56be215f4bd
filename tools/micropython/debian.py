"""apt with separate sources, lists and cache: packages of a newer Debian suite, without a change to the system.

The machine's own entries for its main suite are copied into a private folder with the suite's name replaced, so that packages
come from the mirror that this machine trusts, checked with the machine's keyring. Needs no root.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

SUITE = os.environ.get("MPY_SUITE", "trixie")
OPTIONS = ("-q", "-o", "Acquire::Languages=none", "-o", "Acquire::Retries=3", "-o", "APT::Get::List-Cleanup=0")

WRAPPER = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")/root
exec "$here/{loader}" --library-path "$here/{libraries}" "$here/{program}" "$@"
"""


class Failed(Exception):
    """One line: what is wrong, and the remedy."""


def own_suite() -> str:
    """The code name of this machine's Debian, from /etc/os-release."""
    try:
        found = re.search(r"^VERSION_CODENAME=(\S+)", Path("/etc/os-release").read_text(), re.M)
    except OSError:
        found = None
    if not found:
        raise Failed("this machine is no Debian (no VERSION_CODENAME in /etc/os-release)")
    return found[1].strip('"')


def one_line_entries(text: str, own: str, suite: str, kind: str) -> str:
    """The `deb …` lines of a sources.list that name suite `own`, as lines of type `kind` for `suite`."""
    lines = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["deb"] and own in words:
            words[0], words[words.index(own)] = kind, suite
            lines.append(" ".join(words))
    return "".join(line + "\n" for line in lines)


def stanza_entries(text: str, own: str, suite: str, kind: str) -> str:
    """The same for a deb822 `.sources` file: stanzas whose Suites hold `own`."""
    kept = []
    for stanza in re.split(r"\n\s*\n", text):
        suites = re.search(r"^Suites:(.*)$", stanza, re.M)
        if suites and own in suites[1].split():
            stanza = re.sub(r"^Suites:.*$", f"Suites: {suite}", stanza, flags=re.M)
            kept.append(re.sub(r"^Types:.*$", f"Types: {kind}", stanza, flags=re.M).strip("\n"))
    return "".join(stanza + "\n\n" for stanza in kept)


class PrivateApt:
    """A context: `update()`, then `download(packages)` or `source(packages)` into `.folder`. architecture: "" for that of this machine."""

    def __init__(self, suite: str = SUITE, kind: str = "deb", architecture: str = "") -> None:
        self.suite, self.kind, self.architecture = suite, kind, architecture

    def __enter__(self) -> "PrivateApt":
        for tool in ("apt-get", "dpkg-deb"):
            if shutil.which(tool) is None:
                raise Failed(f"this machine is no Debian (no {tool})")
        self.folder = Path(tempfile.mkdtemp(prefix="ampacity-apt."))
        self.folder.chmod(0o755)  # apt's unprivileged user must have access
        for name in ("lists/partial", "cache/archives/partial", "sources", "packages"):
            (self.folder / name).mkdir(parents=True)
        self._write_sources(own_suite())
        return self

    def __exit__(self, *exc: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write_sources(self, own: str) -> None:
        places = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
        written = 0
        for place in (p for p in places if p.is_file()):
            reader = stanza_entries if place.suffix == ".sources" else one_line_entries
            text = reader(place.read_text(), own, self.suite, self.kind)
            if text:
                (self.folder / "sources" / place.name).write_text(text)
                written += 1
        if not written:
            raise Failed(f"no apt source of this machine has the suite {own}")

    def run(self, *words: str) -> None:
        """Runs apt-get with the private folders; its output is shown only if it fails."""
        private: dict[str, str | Path] = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": self.folder / "sources",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::Cache": self.folder / "cache",
        }
        if self.architecture:
            private |= {"APT::Architecture": self.architecture, "APT::Architectures": self.architecture}
        options = [word for key, value in private.items() for word in ("-o", f"{key}={value}")]
        quietly(["apt-get", *OPTIONS, *options, *words], self.folder / "packages")

    def update(self) -> None:
        self.run("update")
        if not list((self.folder / "lists").glob("*_*")):
            raise Failed(f"the package lists of {self.suite} could not be read")

    def download(self, names: list[str]) -> list[Path]:
        """Fetches binary packages of the suite; returns the .deb files."""
        self.run("download", *(f"{name}/{self.suite}" for name in names))
        return sorted((self.folder / "packages").glob("*.deb"))

    def closure(self, names: set[str], known: "set[str] | None" = None) -> list[Path]:
        """The same with all dependencies, except those `known` to be installed and what these need."""
        known, wanted, debs = set(known or ()), names, []
        while wanted:
            debs = self.download(sorted(wanted))
            known |= wanted
            wanted = {name for deb in debs for name in needs(deb)} - known
        return debs

    def source(self, names: list[str]) -> None:
        """Fetches and unpacks source packages of the suite, each into .folder/packages/NAME."""
        self.run("source", "--download-only", *names)
        packages = self.folder / "packages"
        for description in sorted(packages.glob("*.dsc")):  # apt has checked them against the signed index
            name = description.name.split("_")[0]
            quietly(["dpkg-source", "--no-check", "-x", description.name, name], packages)


def quietly(command: list[str], folder: Path) -> None:
    """Runs a command in `folder`; raises Failed with the end of its output if the command fails."""
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise Failed(f"failed: {' '.join(command[:2])}\n{done.stdout[-3000:]}")


def unpack(debs: list[Path], root: Path) -> None:
    """Installs the files of these packages under `root`, and no others."""
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    for deb in debs:
        subprocess.run(["dpkg-deb", "-x", deb, root], check=True)


def write_wrapper(dest: Path, program: str) -> None:
    """dest/NAME starts `program` of dest/root with the loader and C library of that folder; dest may be moved."""
    root = dest / "root"
    loaders = sorted(p for p in root.rglob("ld-linux*") if p.parent.name.startswith("lib") or "linux-gnu" in str(p))
    library = next(iter(sorted(root.rglob("libc.so.6"))), None)
    if not loaders or library is None:
        raise Failed("unexpected package contents: no loader or C library")
    name = dest / Path(program).name
    name.write_text(WRAPPER.format(loader=loaders[0].relative_to(root), libraries=library.parent.relative_to(root), program=program))
    name.chmod(0o755)


def needs(deb: Path) -> list[str]:
    """The packages that a .deb depends on, the first of each alternative."""
    shown = subprocess.run(["dpkg-deb", "-f", deb, "Depends", "Pre-Depends"], capture_output=True, text=True, check=True).stdout
    choices = ",".join([line.partition(":")[2] for line in shown.splitlines()]).split(",")
    return [re.split(r"[\s|(:]", choice.strip())[0] for choice in choices if choice.strip()]
