"""What `ampacity check` says of certificates before anybody drives to the site."""

import pytest

from ampacity_host.configure import SiteErrors, compile_site, load_site
from certificates import Authority

SITE = """
[site]
name = "lan"
[[circuit]]
name = "main"
rating_a = 32
[[bus]]
name = "lan"
kind = "tcp"
tls = true
root_pem = "root.pem"
certificate_pem = "primary.pem"
key_pem = "primary.key.pem"
{roles}
[[evse]]
name = "one"
kind = "ampacity"
bus = "lan"
host = "{host}"
unit = 1
circuit = "main"
max_a = 16
certificate_pem = "one.pem"
key_pem = "one.key.pem"
"""


@pytest.fixture
def told(tmp_path):
    """The warnings of a site with these certificates; its mistakes where it is refused."""
    ca = Authority()

    def made(primary=None, one=None, host="10.0.0.1", roles=""):
        (tmp_path / "root.pem").write_text(ca.root)
        ca.issue("p", **{"role": "Primary", "days": (-1, 90), **(primary or {})}).files(tmp_path, "primary")
        ca.issue(**{"name": "one.example", "addresses": ("10.0.0.1",), "days": (-1, 90), **(one or {})}).files(tmp_path, "one")
        (tmp_path / "site.toml").write_text(SITE.format(host=host, roles=roles))
        try:
            warned = [each for each in load_site(tmp_path / "site.toml").warnings if each.field == "certificate_pem"]
            return [str(each).split(": ", 2)[2] for each in warned]
        except SiteErrors as errors:
            return [str(each).split(": ", 2)[2] for each in errors.mistakes]

    return made


def test_valid_certificates_are_not_mentioned(told):
    assert told() == told(host="one.example") == told(one={"name": "*.example"}, host="bay.example") == []


def test_an_expiring_certificate_is_reported_in_time(told):
    (expired,) = told(one={"days": (-9, -1)})
    assert 'certificate_pem: "CN=one.example" has expired on ' in expired
    (soon,) = told(primary={"days": (-9, 20)})
    assert 'certificate_pem: "CN=p" expires on ' in soon and "renew it in time" in soon
    (early,) = told(one={"days": (3, 90)})
    assert '"CN=one.example" is valid from ' in early


def test_a_primary_whose_role_may_not_order_is_reported(told):
    assert told(primary={"role": None}) == ["certificate_pem: names no role, which may not read and order; issue it with the role Primary"]
    (operator,) = told(primary={"role": "Operator"})
    assert 'names the role "Operator"' in operator
    (other,) = told(roles='roles = { Boss = "read order" }')
    assert 'names the role "Primary"' in other and "the role Boss" in other
    assert told(primary={"role": "Boss"}, roles='roles = { Boss = "read order" }') == []
    (broken,) = told(primary={"role": b"\x13\x07Primary"})
    assert "its role cannot be read" in broken


def test_a_certificate_for_another_host_is_reported(told):
    (other,) = told(host="10.0.0.2")
    assert other == "certificate_pem: is not for 10.0.0.2 (but for one.example, 10.0.0.1); issue it with that subject alternative name"
    (deep,) = told(one={"name": "*.example"}, host="bay.one.example")
    assert "is not for bay.one.example" in deep


def test_a_start_is_warned_of_what_a_check_refuses_and_leaves_out_what_cannot_be_read(tmp_path):
    ca = Authority()
    (tmp_path / "root.pem").write_text(ca.root)
    ca.issue("p", role="Primary", days=(-9, -1)).files(tmp_path, "primary")
    (tmp_path / "site.toml").write_text(SITE.format(host="10.0.0.1", roles=""))  # without the files of EVSE one
    with pytest.raises(SiteErrors) as refused:
        load_site(tmp_path / "site.toml")
    assert {each.field for each in refused.value.mistakes} == {"certificate_pem", "key_pem"}
    site = load_site(tmp_path / "site.toml", starting=True)
    unusable = [each.field for each in site.warnings if "until then the controller runs without this connection" in str(each)]
    assert unusable == ["certificate_pem"] * 2 + ["key_pem"], site.warnings
    (tmp_path / "primary.key.pem").unlink()
    site = load_site(tmp_path / "site.toml", starting=True)
    assert set(compile_site(site)["buses"][0]["tls"]) == {"root_pem", "certificate_pem"}
