"""One site file per kind of mistake: what is said, and on which line, stands in the file itself behind `#!`."""

import re
from pathlib import Path

import pytest

from ampacity_host.configure import SiteErrors, check_report, load_site
from ampacity_host.configure.analysis.terminal_report import finding_line

SITES = Path(__file__).parent / "sites"
SAMPLES = Path(__file__).parents[3] / "sites"
FILES = sorted((SITES / "mistakes").glob("*.toml"))


def expected(path):
    """[(line, text)] of the file's `#!` marks; a line that is nothing but a mark stands for line 0."""
    marks = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        head, *texts = re.split(r"\s*#! ", line)
        marks += [(number if head.strip() else 0, text) for text in texts]
    return marks


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_mistake_is_reported_with_line_field_and_allowed_values(path):
    with pytest.raises(SiteErrors) as caught:
        load_site(path)
    mistakes = caught.value.mistakes
    said = [(mistake.line, str(mistake)) for mistake in mistakes]
    wanted = expected(path)
    assert len(said) == len(wanted), said
    for line, text in wanted:
        place = f"{path}:{line}: " if line else f"{path}: "
        assert any(at == line and full.startswith(place) and text in full for at, full in said), (line, text, said)


def warned(path):
    """[(line, text)] of all that the check warns of; a finding on compiled facts has no line."""
    site = load_site(path)
    report = check_report(site)
    assert report["ok"], report["findings"]
    return [(mistake.line, str(mistake)) for mistake in site.warnings] + [(0, finding_line(found)) for found in report["findings"]]


@pytest.mark.parametrize("path", sorted((SITES / "warnings").glob("*.toml")), ids=lambda path: path.stem)
def test_what_is_probably_not_meant_passes_with_a_warning(path):
    said, wanted = warned(path), expected(path)
    assert len(said) == len(wanted), said
    assert all(any(at == line and text in full for at, full in said) for line, text in wanted), (wanted, said)


@pytest.mark.parametrize("path", [*sorted((SITES / "good").glob("*.toml")), *sorted(SAMPLES.glob("*.toml"))], ids=lambda path: path.stem)
def test_a_good_site_has_no_warning_but_of_a_setting_of_its_line(path):
    assert not [text for _, text in warned(path) if "the device is documented at" not in text]


def test_a_missing_file_is_named():
    with pytest.raises(SiteErrors) as caught:
        load_site("/nowhere/site.toml")
    assert "No such file" in str(caught.value)


def test_a_binary_file_is_refused(tmp_path):
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SiteErrors) as caught:
        load_site(path)
    assert "UTF-8" in str(caught.value)


def test_published_firmware_and_the_parent_may_share_a_port_at_different_addresses_only(tmp_path):
    text = (SITES / "mistakes" / "publishing-at-the-port-of-the-parent.toml").read_text()
    for line, clash in (
        ("tcp_port = 8081", False), ('tcp_port = 8080\nhost = "192.168.1.11"', False),
        ('tcp_port = 8080\nhost = "192.168.1.10"', True),
        ('tcp_port = 8080\nhost = "::"', True), ('tcp_port = 8080\nhost = "row.example"', True),
    ):  # fmt: skip
        path = tmp_path / "site.toml"
        path.write_text(text.replace("tcp_port = 8080", line))
        if not clash:
            assert load_site(path).ocpp["publish_address"] == "192.168.1.10:8080"
            continue
        with pytest.raises(SiteErrors, match="publish_address: port 8080 is tcp_port of"):
            load_site(path)
