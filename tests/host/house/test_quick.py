"""Which tests `make quick` takes for which change."""

import subprocess
import sys

import pytest
from house import ROOT, firmware_files

from tests import workers
from tools import quick


def chosen(*names):
    return quick.ranked(names)


def test_a_changed_test_is_selected_alone():
    assert chosen("tests/base/test_time.py") == ["tests/base/test_time.py"]


def test_a_module_of_the_firmware_takes_the_tests_of_its_room_and_all_that_import_it():
    found = chosen("firmware/ampacity/bus/client/ascii_client.py")
    room = [str(path.relative_to(ROOT)) for folder in ("tests/bus", "tests/host/bus") for path in (ROOT / folder).glob("test_*.py")]
    assert found[0] == "tests/bus/test_ascii_client.py" and set(room) <= set(found)
    assert "tests/commission/test_scan.py" in found[: len(room) + 8]  # imports it by itself
    assert not [name for name in found if name.startswith(("tests/circuit/", "tests/evse/", "tests/ocpp/"))]


def test_indirect_users_of_a_change_follow_its_room():
    found = chosen("firmware/ampacity/circuit/trusted/device/order_book.py")
    first_far = min(found.index(name) for name in found if name.startswith(("tests/e2e/", "tests/roles/")))
    assert max(found.index(name) for name in found if name.startswith("tests/circuit/")) < first_far


def test_a_helper_takes_the_tests_that_import_it_by_its_bare_name():
    found = chosen("tests/circuit/helper_meter.py")
    users = [path for path in (ROOT / "tests/circuit").glob("test_*.py") if "helper_meter" in path.read_text()]
    assert users and set(found) >= {str(path.relative_to(ROOT)) for path in users}
    assert not [name for name in found if name.startswith("tests/bus/")]


def test_a_rig_that_is_only_started_as_a_process_is_tried_for_a_change_of_the_rig():
    assert [name for name in chosen("host/ampacity_host/rig/setup.py") if name.startswith("tests/rig/")]


@pytest.mark.parametrize(("name", "folder"), [
    ("docs/safety.md", "tests/host/house/"), ("Makefile", "tests/host/house/"), ("pyproject.toml", "tests/host/house/"),
    ("firmware/ampacity/profiles/evse-keba-p30.toml", "tests/host/profiles/"), ("host/ampacity_host/sites/demo.toml", "tests/host/configure/"),
    ("tests/circuit/vectors.csv", "tests/circuit/"),
])  # fmt: skip
def test_a_file_that_no_test_imports_selects_the_tests_of_its_place(name, folder):
    assert (ROOT / name).is_file()
    assert [one for one in chosen(name) if one.startswith(folder)]


def test_a_file_that_every_test_depends_on_selects_all_tests():
    assert len(chosen("tests/conftest.py")) == len(quick.test_files())


def test_every_module_of_the_firmware_is_tested_by_something():
    files = [path for path in firmware_files() if path.name != "__init__.py"]
    assert len(files) > 100
    reached = set()
    for path in quick.test_files():
        ring = {path}
        while ring:
            reached |= ring
            ring = {one for each in ring for one in quick.needs(each)} - reached
    unseen = [str(path.relative_to(ROOT)) for path in files if path not in reached]
    assert [name for name in unseen if not quick.own_folders(name)] == []


def test_the_nearest_tests_that_fit_are_selected():
    seconds = {"near": 50.0, "long": 200.0, "far": 60.0, "farther": 60.0}
    assert quick.within(["near", "long", "far", "farther", "short"], seconds, 115) == (["near", "far", "short"], ["long", "farther"])


def test_tests_that_wait_for_real_clocks_count_with_their_wait():
    waiting = workers.LANES[0][0]
    assert quick.within([waiting, "other"], {waiting: 1.0, "other": 60.0}, 80) == ([waiting], ["other"])


def test_the_change_is_the_git_difference_to_head_or_to_the_branch_point(tmp_path, monkeypatch):
    def git(*words):
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *words], cwd=tmp_path, check=True, capture_output=True)

    def commit(*names):
        for name in names:
            (tmp_path / name).write_text(name)
        git("add", ".")
        git("commit", "-m", "x")

    git("init", "-b", "main")
    commit("a.py", "b.py")
    git("checkout", "-b", "work")
    commit("mine.py")
    git("checkout", "main")
    commit("theirs.py")
    git("checkout", "work")
    (tmp_path / "a.py").write_text("changed")
    (tmp_path / "new.py").write_text("new")
    (tmp_path / "b.py").unlink()
    monkeypatch.setattr(quick, "ROOT", tmp_path)
    assert quick.changed_files() == ["a.py", "b.py", "new.py"]
    assert quick.changed_files("main") == ["a.py", "b.py", "mine.py", "new.py"]
    with pytest.raises(ValueError, match="nobody"):
        quick.changed_files("nobody")


@pytest.mark.parametrize(("words", "said"), [
    (("--base", "no-such-name"), "--base no-such-name"), (("no/such/file.py",), "no/such/file.py: there is no such file"),
    (("--base", "HEAD", "Makefile"), "exclude each other"),
])  # fmt: skip
def test_invalid_options_are_refused(words, said, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["quick", *words])
    with pytest.raises(SystemExit) as ended:
        quick.main()
    assert ended.value.code == 2 and said in capsys.readouterr().err


def test_the_list_contains_existing_files(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["quick", "--list", "tools/quick.py"])
    assert quick.main() == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed[0] == "tests/host/house/test_quick.py" and all((ROOT / name).is_file() for name in listed)
