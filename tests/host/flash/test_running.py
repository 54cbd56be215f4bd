"""The application of an image runs: a real MicroPython starts the boot stage on a flashed controller's files, and its console answers."""

import json
import socket
import subprocess
import time

import pytest
from release import release

from ampacity_host.configure import compile_site, load_site
from ampacity_host.configure.push_pull import encoded
from ampacity_host.flash.content import BOOT, content
from tools.micropython.find import find

SITE = """
[site]
name = "image"
[[circuit]]
name = "main"
rating_a = 63.0
[[bus]]
name = "lan"
kind = "tcp"
host = "127.0.0.1"
tcp_port = 9
[[evse]]
name = "bay-1"
kind = "ampacity"
bus = "lan"
unit = 1
circuit = "main"
max_a = 16.0
"""
STARTED = "import sys; sys.path.append({stage!r}); import main; sys.exit(main.run({root!r}, main.chosen({root!r})[0]))"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def running(tmp_path):
    """(process, port of the console) of a primary whose application is an image in slot a."""
    bundle, keys = release(tmp_path, "unix", "both")
    (tmp_path / "site.toml").write_text(SITE)
    console = free_port()
    files = dict(content("unix", 1152 << 10, bundle.read_bytes(), keys, lambda *_: None).files)
    files["data/boot.json"] = json.dumps({"role": "primary", "console": f"127.0.0.1:{console}"}).encode()
    files["data/site.json"] = encoded(compile_site(load_site(tmp_path / "site.toml")))
    for name, data in files.items():
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_bytes(data)
    code = STARTED.format(stage=str(BOOT), root=str(tmp_path / "root"))
    process = subprocess.Popen([find(), "-X", "heapsize=4M", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    yield process, console
    process.kill()
    process.wait()
    process.stdout.close()


def asked(port, line, limit_s=20):
    """The first line of JSON that the console answers."""
    end = time.monotonic() + limit_s
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as console, console.makefile("rw") as stream:
                stream.write(line + "\n")
                stream.flush()
                return next(json.loads(each[each.index("{") :]) for each in stream if "{" in each)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def test_the_console_of_an_application_out_of_its_image_shows_the_site(running):
    process, console = running
    shown = asked(console, "show --json")
    assert process.poll() is None
    assert list(shown["evses"]) == ["bay-1"], shown
