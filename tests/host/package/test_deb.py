"""The Debian package: what it takes from the lock file, from a wheel and from the licenses. `make deb-test` builds, installs and runs it."""

import json
import os
import re
import subprocess
import sys
import zipfile
from types import SimpleNamespace

import pytest

from ampacity.ports.platform import EXIT_CONFIG, EXIT_USAGE
from tools.deb import clean_root, emulated, secondary, wheels
from tools.deb.build import HERE, ROOT, controlled, version_of
from tools.deb.copyright import copyright_text
from tools.deb.try_out import RIGHTS, SITE, until
from tools.micropython.debian import Failed
from tools.micropython.find import find

ABORTED = ("abort-upgrade", "abort-remove", "abort-deconfigure")
LOCK = """rich==15.0.0 \\
    --hash=sha256:%s \\
    --hash=sha256:%s
    # via typer
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:%s
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:%s
""" % tuple(letter * 64 for letter in "abcd")


def unit():
    """{name: values} of the service."""
    found = {}
    for line in (HERE / "ampacity.service").read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            found.setdefault(line.split("=", 1)[0], []).append(line.split("=", 1)[1])
    return found


@pytest.mark.parametrize("word, starts", [(word, word != "triggered") for word in ("configure", *ABORTED, "triggered")])
def test_the_service_starts_again_after_an_upgrade_and_after_one_that_did_not_come_about(tmp_path, word, starts):
    """The script of the package with commands that only write down how they were called."""
    for name in ("adduser", "chown", "chmod", "py3compile", "systemctl", "deb-systemd-invoke"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/said\n')
        os.chmod(tmp_path / name, 0o755)
    script = (HERE / "postinst.sh").read_text()
    assert "/run/systemd/system" in script
    (tmp_path / "said").write_text("")
    subprocess.run(["/bin/sh", "-c", script.replace("/run/systemd/system", str(tmp_path)), "postinst", word], env={"PATH": str(tmp_path)}, check=True)
    assert ("deb-systemd-invoke start ampacity.service" in (tmp_path / "said").read_text()) == starts


def test_versions_and_digests_are_those_of_the_lock_file():
    assert wheels.pins(["rich"], LOCK) == {"rich": ("15.0.0", frozenset(["a" * 64, "b" * 64]))}
    with pytest.raises(Failed, match="has no tomli"):
        wheels.pins(["rich", "tomli"], LOCK)


def test_the_package_brings_what_a_controller_needs_and_nothing_of_the_simulation_or_of_the_tests():
    names = wheels.closure()
    assert {"typer", "rich", "pyserial", "jsonschema", "cryptography", "cbor2", "jinja2", "markupsafe", "pydantic-core", "gpiod"} <= set(names)
    assert not {"pymodbus", "ocpp", "websockets", "matplotlib", "numpy", "pytest", "mypy", "ampacity", "colorama"} & set(names)
    assert set(wheels.pins(names, (ROOT / "requirements.lock").read_text())) == set(names)


@pytest.mark.parametrize("architecture, brought, lines", [
    ("amd64", True, []), ("arm64", True, []), ("armhf", False, ["Recommends: python3-libgpiod (>= 2)"])])  # fmt: skip
def test_libgpiod_is_part_of_the_package_or_recommended_where_it_has_no_wheel(tmp_path, monkeypatch, architecture, brought, lines):
    asked = {}
    monkeypatch.setattr(wheels, "CACHE", tmp_path)
    monkeypatch.setattr(wheels, "fetch", lambda known, folder, *_: asked.update(known))
    wheels.fetched(architecture, "3.11")
    assert ("gpiod" in asked) is brought
    (tmp_path / "tree").mkdir()
    controlled(tmp_path / "tree", ROOT, "1", architecture, "3.11")
    told = (tmp_path / "tree/DEBIAN/control").read_text()
    assert [line for line in told.splitlines() if "libgpiod" in line] == lines and "}" not in told and "\n\n" not in told


def test_the_service_opens_serial_devices_alone_and_the_page_has_the_rights_for_lines_of_a_board():
    assert unit()["DevicePolicy"] == ["closed"] and unit()["DeviceAllow"] == ["char-tty* rw"] and unit()["SupplementaryGroups"] == ["dialout"]
    row = RIGHTS.search((ROOT / "docs/linux.md").read_text())[0]
    assert row.count("`DeviceAllow=char-gpiochip rw`") == row.count("`SupplementaryGroups=gpio`") == 1


TRIAL, EMULATED = ["deb-test"], ["deb-test-arm ARCH=arm64", "deb-test-arm ARCH=armhf"]
READY, BARE = "exit 0", '[ "$1" != deb-ready ]'  # what a machine answers to `make deb-ready`


@pytest.mark.parametrize(
    "said, machine, expected",
    [
        ({}, READY, ["deb-ready", *TRIAL]),
        ({}, BARE, ["deb-ready"]),
        ({"CI_DEB": "0"}, READY, []),
        ({"CI_DEB": "1"}, BARE, TRIAL + EMULATED),
    ],
)
def test_ci_tries_the_package_in_a_clean_debian_where_it_can_and_in_those_of_arm_on_request(tmp_path, said, machine, expected):
    (tmp_path / "make").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/called\n{machine}\n')
    (tmp_path / "make").chmod(0o755)
    there = {name: value for name, value in os.environ.items() if name not in ("CI_DEB", "PATH")}
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run([ROOT / ".ci/run"], env={**there, "PATH": path, **said}, check=True, capture_output=True, text=True)
    called = (tmp_path / "called").read_text().splitlines()
    assert [line.split()[0] for line in called[:3]] == ["setup", "check", "test"] and called[3:] == expected
    assert ("was not tried in a clean Debian" in done.stdout) == ("deb-test" not in called)


@pytest.mark.parametrize("runtime", sorted(secondary.RUNTIMES))
def test_the_trials_under_emulation_have_a_secondary_of_this_project_on_each_runtime_and_leave_it_alone(tmp_path, runtime):
    """Without the emulation: it comes up with the files that the trial writes, and ends with its pins."""
    folder = tmp_path / secondary.FOLDER
    parts = {"/usr/lib/ampacity": str(ROOT / "firmware"), "/usr/bin/python3": sys.executable, f"/{secondary.FOLDER}": str(folder)}

    def started(command):
        for there, here in parts.items():
            command = command.replace(there, here)
        return subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    with secondary.Secondary(tmp_path) as point:
        folder.parent.mkdir(parents=True)
        point.write(tmp_path, SITE + secondary.SITE)
        site = folder / "site.json"
        site.write_text(site.read_text().replace(f"/dev/{secondary.DEVICE}", point.own_end))
        point.start(started, runtime, find())
        until(point.up, 30, "a secondary that feeds its watchdog")
        assert point.left_alone() < point.lease_s and point.fallback_da == 0 and point.stop() == 0
    played = [step.__name__ for step in emulated.STEPS]
    assert played.count("joined") == played.count("left") == len(secondary.RUNTIMES) and set(emulated.QEMU) == {"arm64", "armhf"}


@pytest.mark.parametrize("runtime, good_ms, late_ms, bad_ms", [("cpython", 250, None, 251), ("micropython", 250, 2000, 2001)])
def test_a_pause_of_the_safety_loop_above_the_limit_is_a_failure(runtime, good_ms, late_ms, bad_ms):
    def timed(stall_ms):
        return emulated.TryOut.timed(SimpleNamespace(inside=lambda *_: json.dumps({"stall_ms": stall_ms}), runtime=runtime))

    assert timed(good_ms).startswith(f"at most {good_ms} ms between two passes; ")
    assert late_ms is None or "more than the 250 ms in which frames leave" in timed(late_ms)
    with pytest.raises(Failed, match=f"{bad_ms} ms between two passes on {runtime}; limit"):
        timed(bad_ms)


def test_a_wheel_that_was_changed_after_its_download_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(wheels, "CACHE", tmp_path)
    monkeypatch.setattr(wheels, "closure", lambda: ["rich"])
    monkeypatch.setattr(wheels, "fetch", lambda known, folder, *_: (folder.mkdir(), (folder / "rich-15.0.0-py3-none-any.whl").write_bytes(b"x")))
    with pytest.raises(Failed, match="not the file of requirements.lock"):
        wheels.fetched("amd64", "3.11")


def test_modules_and_licenses_of_a_wheel_are_unpacked_and_facts_of_an_installation_are_not(tmp_path):
    wheel = tmp_path / "x-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        for name in ("x/__init__.py", "x-1.dist-info/METADATA", "x-1.dist-info/RECORD", "x-1.dist-info/licenses/LICENSE", "x-1.data/scripts/x"):
            packed.writestr(name, "text")
    wheels.unpacked(wheel, tmp_path / "out")
    found = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert found == ["x-1.dist-info/METADATA", "x-1.dist-info/licenses/LICENSE", "x/__init__.py"]


def test_a_wheel_with_a_name_outside_its_folder_is_refused(tmp_path):
    wheel = tmp_path / "x-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("../outside", "text")
    with pytest.raises(Failed, match="is outside"):
        wheels.unpacked(wheel, tmp_path / "out")
    assert not (tmp_path / "outside").exists()


def test_the_file_copyright_has_the_license_of_each_package(tmp_path):
    info = tmp_path / "x-1.2.dist-info"
    (info / "licenses").mkdir(parents=True)
    (info / "METADATA").write_text("Name: x\nLicense-Expression: MIT\n\nabout")
    (info / "licenses" / "LICENSE").write_text("Permission\n\nis granted\n")
    text = copyright_text(tmp_path, "Apache License")
    assert "Comment: x 1.2\nFiles: usr/lib/ampacity/x*\n" in text and "License: MIT\n Permission\n .\n is granted\n" in text
    with pytest.raises(ValueError):
        copyright_text(tmp_path, "another license")


def test_a_version_before_the_release_sorts_before_it_and_a_newer_python_after_an_older_one():
    older, newer = version_of(ROOT, "3.11"), version_of(ROOT, "3.13")
    assert re.fullmatch(r"\d+\.\d+\.\d+(~git\d{14}\.[0-9a-f]{8})?\+py311", older) and newer == older.replace("+py311", "+py313")


def test_the_service_does_not_restart_what_another_start_cannot_change():
    prevented = {int(word) for word in unit()["RestartPreventExitStatus"][0].split()}
    assert prevented == {1, EXIT_USAGE, EXIT_CONFIG} and unit()["Restart"] == ["on-failure"]


def test_the_service_waits_for_the_safety_loop_and_takes_its_messages_from_the_supervisor_alone():
    assert unit()["Type"] == ["notify"] and unit()["NotifyAccess"] == ["main"] and int(unit()["WatchdogSec"][0]) >= 10


def test_the_address_of_a_mirror_is_read_from_both_kinds_of_sources(tmp_path):
    for text in ("Types: deb\nURIs: http://mirror/debian\nSuites: trixie\n", "deb [signed-by=/key] http://mirror/debian trixie main\n"):
        (tmp_path / "one").write_text(text)
        assert clean_root.mirror(tmp_path) == "http://mirror/debian"
    (tmp_path / "one").write_text("# nothing\n")
    with pytest.raises(Failed):
        clean_root.mirror(tmp_path)
