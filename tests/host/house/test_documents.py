"""Documents: links lead somewhere, commands and targets that they name exist."""

import re
import subprocess

import pytest
import typer.main
from house import ROOT, at, files

from ampacity_host.cli import app

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+\s+(.*)$", re.M)
COMMANDS = typer.main.get_command(app).commands


def anchors(path):
    """The anchors that a Markdown file offers, as code forges make them of headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(path.read_text())}


@pytest.mark.parametrize("path", files(".md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_have_existing_targets(path):
    for target in LINK.findall(path.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        aim = (path.parent / name).resolve() if name else path
        assert aim.exists(), at(path, 1, f"link to {target}, which is not there")
        assert not anchor or anchor in anchors(aim), at(path, 1, f"no heading for {target}")


def test_the_index_lists_every_document():
    index = ROOT / "docs" / "index.md"
    listed = {(index.parent / target).resolve() for target in LINK.findall(index.read_text())}
    wrong = [at(path, 1, "is not listed in docs/index.md") for path in files(".md") if path not in listed | {index}]
    assert not wrong, "\n".join(wrong)


def named(pattern):
    """(path, word) of every match of a one-group pattern in the documents' code."""
    for path in files(".md"):
        for word in re.findall(pattern, path.read_text(), re.M):
            yield path, word


def make_targets():
    listing = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {line.split()[1] for line in listing.splitlines()}


def test_make_help_lists_every_target():
    text = (ROOT / "Makefile").read_text()
    phony = {word for line in re.findall(r"^\.PHONY: (.*)$", text, re.M) for word in line.split()}
    assert make_targets() == phony
    assert {"setup", "demo", "test", "check", "proof", "bench", "clean"} <= phony


def test_make_targets_that_documents_name_exist():
    known = make_targets()
    wrong = [at(path, 1, f"make {word}") for path, word in named(r"(?:^|`)make ([a-z0-9]+)(?=[\s`])") if word not in known]
    assert not wrong, "\n".join(wrong)


def test_commands_that_documents_name_exist():
    wrong = [at(path, 1, f"ampacity {word}") for path, word in named(r"(?:^|`)ampacity ([a-z]+)(?=[\s`])") if word not in COMMANDS]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_its_exit_codes(name):
    assert re.search(r"Exit codes?: ", COMMANDS[name].epilog or "")


HELPS = """
import sys
from ampacity_host.cli import main
for name in sys.argv[1:]:
    sys.argv = ["ampacity", name, "--help"]
    try:
        main()
    except SystemExit:
        print(name, sorted(m for m in sys.modules if m.startswith("ampacity_host.")), file=sys.stderr)
"""


def test_help_imports_no_room():
    """Help comes at once: rooms are imported by the command that needs them."""
    names = sorted(COMMANDS)
    done = subprocess.run([ROOT / ".venv" / "bin" / "python", "-c", HELPS, *names], capture_output=True, text=True, cwd=ROOT)
    parts = ("board", "bundle", "configure", "image")
    plain = ("commands", "completion", "controller", "new_site", "spelling", "standard_streams")
    own = sorted(["", *(f".{each}" for each in plain), *(f".{each}_commands" for each in parts)])
    room = [f"ampacity_host.cli{each}" for each in own]
    assert done.stderr.splitlines() == [f"{name} {room}" for name in names]
