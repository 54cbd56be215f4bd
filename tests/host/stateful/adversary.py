"""The machine that hypothesis plays: it chooses the site, every move, and how long the site runs between them."""

import random
import tempfile
from pathlib import Path

from hostile_site import HostileSite
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from random_site import draw

COUNTS = (2, 3, 5, 8)
COUNTS_DEEP = (2, 3, 5, 8, 16, 32, 64)


def drawn(count, seed):
    with tempfile.TemporaryDirectory(prefix="ampacity-site.") as folder:
        return draw(random.Random(seed), count, Path(folder))


class Adversary(RuleBasedStateMachine):
    """counts: how many EVSEs a site may have. tell(count, site): called when a life has ended well."""

    counts = COUNTS
    tell = None

    @initialize(size=st.integers(0, 2**20), seed=st.integers(0, 2**20))
    def start(self, size, seed):
        self.count = self.counts[size % len(self.counts)]
        self.site = HostileSite(drawn(self.count, seed), seed)

    @rule(move=st.sampled_from(HostileSite.ALL_MOVES), choice=st.integers(0, 2**20), seconds=st.integers(1, 12))
    def attack(self, move, choice, seconds):
        move(self.site, random.Random(choice))
        self.site.run(seconds)

    @invariant()
    def no_sample_above_a_rating(self):
        assert not hasattr(self, "site") or not self.site.bench.violations()

    def teardown(self):
        if hasattr(self, "site"):
            self.site.heal()
            self.site.everybody_charges()
            if self.tell is not None:
                self.tell(self.site)
