"""The Python packages that the controller needs, as wheels of the lock file for another architecture or another Python.

The names are those that `ampacity` requires with its extra `linux`, in the environment that `make setup` built; versions and digests are those of
requirements.lock. Each wheel is checked against its digest each time it is unpacked.
"""

import hashlib
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from packaging.requirements import Requirement

from tools.micropython.debian import Failed

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
CACHE = ROOT / ".cache" / "deb"
MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "armhf": "armv7l"}  # Debian's name of an architecture, and the name in tags of wheels
# architecture: names without a wheel for it, and the package of Debian that has them; cryptography uses of cffi the compiled part alone
OF_DEBIAN = {"armhf": {"cbor2": "python3-cbor2", "cffi": "python3-cffi-backend"}}
RECOMMENDED = {"armhf": {"gpiod": "python3-libgpiod (>= 2)"}}  # the same, of which Debian 12 has an older one (a newer one in its backports)
GLIBC_MIN, GLIBC_MAX = 17, 36  # manylinux_2_17 to manylinux_2_36, the C library of Debian 12
PIN = re.compile(r"^([a-z0-9-]+)==([^ ;\\]+)")
DIGEST = re.compile(r"--hash=sha256:([0-9a-f]{64})")
LEFT_OUT = ("RECORD", "direct_url.json", "REQUESTED", "INSTALLER")  # of dist-info: facts of an installation


def normal(name: str) -> str:
    """The name as the lock file has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(extras: tuple[str, ...] = ("linux",)) -> list[str]:
    """The names that the project requires with these extras, with what these names require, sorted."""
    with (ROOT / "pyproject.toml").open("rb") as text:
        project = tomllib.load(text)["project"]
    lines = sum((project["optional-dependencies"][extra] for extra in extras), project["dependencies"])
    todo = [Requirement(line) for line in lines]
    found: set[str] = set()
    while todo:
        name = normal(todo.pop().name)
        if name not in found:
            found.add(name)
            todo += [need for line in importlib.metadata.requires(name) or [] if applies(need := Requirement(line))]
    return sorted(found)


def applies(need: Requirement) -> bool:
    """True for a requirement without an extra, on this system."""
    return need.marker is None or need.marker.evaluate({"extra": ""})


def pins(names: list[str], lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """{name: (version, digests)} of the lock file for these names. Raises Failed for a name that it does not have."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for block in re.split(r"^(?=[a-z0-9])", lock, flags=re.M):
        match = PIN.match(block)
        if match and match[1] in names:
            found.setdefault(match[1], (match[2], frozenset(DIGEST.findall(block))))
    if missing := sorted(set(names) - set(found)):
        raise Failed(f"requirements.lock has no {', '.join(missing)}; run: make lock")
    return found


def tags(machine: str) -> list[str]:
    """Options of pip: the platforms of wheels that run on this machine, the newest first."""
    names = [f"manylinux_2_{glibc}_{machine}" for glibc in range(GLIBC_MAX, GLIBC_MIN - 1, -1)]
    return [word for name in [*names, f"manylinux2014_{machine}"] for word in ("--platform", name)]


def fetched(architecture: str, python: str) -> list[Path]:
    """The wheels, sorted by name; from the network if the cache does not have them. Raises Failed."""
    of_debian = OF_DEBIAN.get(architecture, {}) | RECOMMENDED.get(architecture, {})
    known = pins([name for name in closure() if name not in of_debian], LOCK.read_text())
    mark = hashlib.sha256(repr(sorted((name, version) for name, (version, _) in known.items())).encode()).hexdigest()[:12]
    folder = CACHE / f"wheels-{architecture}-{python}-{mark}"
    if len(list(folder.glob("*.whl"))) != len(known):
        fetch(known, folder, architecture, python)
    digests = {digest for _, several in known.values() for digest in several}
    for wheel in (wheels := sorted(folder.glob("*.whl"))):
        if hashlib.sha256(wheel.read_bytes()).hexdigest() not in digests:
            raise Failed(f"{wheel.name} is not the file of requirements.lock; remove {folder}")
    return wheels


def fetch(known: dict[str, tuple[str, frozenset[str]]], folder: Path, architecture: str, python: str) -> None:
    """Download these wheels with pip, which compares their digests."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [" ".join([f"{name}=={version}", *(f"--hash=sha256:{digest}" for digest in sorted(digests))])
             for name, (version, digests) in sorted(known.items())]  # fmt: skip
    (folder / "requirements.txt").write_text("\n".join(lines) + "\n")
    abi = "cp" + python.replace(".", "")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes",
               "--only-binary=:all:", "--implementation", "cp", "--python-version", python, "--abi", abi, "--abi", "abi3", "--abi", "none",
               *tags(MACHINES[architecture]), "--dest", str(folder), "-r", str(folder / "requirements.txt")]  # fmt: skip
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"no wheels for {architecture}, Python {python}\n{done.stderr[-2000:]}")


def unpacked(wheel: Path, folder: Path) -> None:
    """The modules and the metadata of a wheel, without the facts of an installation and without programs."""
    with zipfile.ZipFile(wheel) as packed:
        for name in sorted(packed.namelist()):
            parts = name.split("/")
            if name.endswith("/") or parts[0].endswith(".data") or parts[0].endswith(".dist-info") and parts[-1] in LEFT_OUT:
                continue
            target = folder / name
            if not target.resolve().is_relative_to(folder.resolve()):
                raise Failed(f"{wheel.name}: {name!r} is outside")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(packed.read(name))
