"""What `ampacity check` refuses and what a primary refuses at its start are the same sites."""

import random

import pytest
from random_site import draw, site_text

from ampacity.base.errors import Rejected
from ampacity.roles.configuration.compiled_site import checked
from ampacity_host.configure import check_report, compile_site, load_site

COUNTS = (2, 3, 5, 8, 16)


def starts(facts):
    try:
        checked(facts)
    except Rejected:
        return False
    return True


@pytest.mark.parametrize("seed, count", [(3003, 8), (3094, 16)])
def test_a_primary_starts_with_a_drawn_site_whose_first_ratings_were_too_small(seed, count, tmp_path):
    assert starts(draw(random.Random(seed), count, tmp_path))


def test_the_check_and_the_start_of_a_primary_refuse_the_same_sites(tmp_path):
    told = []
    for seed in range(60):
        text = site_text(random.Random(seed), COUNTS[seed % 5], 1.0)
        if seed % 2:
            text = text.replace("fallback_a = 0.0", "fallback_a = 6.0")
        path = tmp_path / "site.toml"
        path.write_text(text)
        site = load_site(path)
        told.append(check_report(site)["ok"])
        assert starts(compile_site(site)) == told[-1], seed
    assert 5 < told.count(False) < 55  # both answers are there
