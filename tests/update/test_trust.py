"""Which keys count: lists that a root key signs, a counter that only rises, revocations for good."""

from helper_bundle import INSTALLER, NEXT_RELEASE, RELEASE, ROOT, SPARE_ROOT, STRANGER, key_list, signed
from helper_controller import finish
from helper_medium import AFTER, BEFORE, TORN, Medium, PowerCut

from ampacity.base.errors import NotNow, Rejected
from ampacity.update.cbor import encode
from ampacity.update.cose_sign1 import BUNDLE_TYPE, KEYS_TYPE
from ampacity.update.records import Record
from ampacity.update.trust import TrustStore
from check import raises


class Store:
    def __init__(self):
        self.medium = Medium()
        self.start()

    def start(self):
        self.trust = TrustStore(Record(self.medium, "keys"), (ROOT.public, SPARE_ROOT.public))

    def take(self, data):
        finish(self.trust.offer(data))

    def refused(self, data, field):
        before = self.medium.kept.copy()
        with raises(Rejected) as e:
            self.take(data)
        assert e.field == field, str(e.error)
        assert self.medium.kept == before


def test_a_list_is_in_force_once_its_root_key_has_signed_it_and_after_a_restart():
    store = Store()
    assert store.trust.counter == 0 and store.trust.keys() == []
    store.take(key_list(1))
    for _ in range(2):
        assert store.trust.counter == 1 and [key.name for key in store.trust.keys()] == ["release", "installer"]
        assert store.trust.key(RELEASE.kid).kinds == 1 and store.trust.key(INSTALLER.kid).kinds == 2
        store.start()


def test_a_key_is_exchanged_and_the_old_one_is_unknown():
    store = Store()
    store.take(key_list(1))
    store.take(key_list(2, ((NEXT_RELEASE, 1, "release-2"),)))
    assert store.trust.key(NEXT_RELEASE.kid).name == "release-2"
    with raises(Rejected) as e:
        store.trust.key(RELEASE.kid)
    assert "counter 2" in e.allowed


def test_the_counter_only_rises():
    store = Store()
    store.take(key_list(5))
    for counter in (1, 4, 5):
        with raises(NotNow) as e:
            store.take(key_list(counter))
        assert "the one in force has 5" in str(e.error)
    store.take(key_list(6))
    assert store.trust.counter == 6


def test_a_revoked_key_is_revoked_permanently():
    store = Store()
    store.take(key_list(1))
    store.take(key_list(2, ((NEXT_RELEASE, 1, "next"),), (RELEASE,)))
    with raises(Rejected) as e:
        store.trust.key(RELEASE.kid)
    assert "not revoked" in e.allowed
    store.refused(key_list(3), "key list.revoked")
    store.refused(key_list(3, ((RELEASE, 1, "again"),), (RELEASE,)), "key list.keys")
    store.start()
    store.refused(key_list(3), "key list.revoked")


def test_only_a_root_key_signs_a_list():
    store = Store()
    for root in (RELEASE, STRANGER):
        store.refused(key_list(1, root=root), "key list, key")
    store.refused(signed(b"\xa0", ROOT, BUNDLE_TYPE), "key list, content type")
    store.refused(key_list(1, root=SPARE_ROOT).replace(SPARE_ROOT.kid, ROOT.kid), "signature")
    store.refused(key_list(1, ((ROOT, 1, "root"),)), "key list.keys")
    assert store.trust.counter == 0


def test_one_root_key_revokes_the_other_and_none_itself():
    store = Store()
    store.refused(key_list(1, revoked=(ROOT,)), "key list.revoked")
    store.take(key_list(1, revoked=(ROOT,), root=SPARE_ROOT))
    store.refused(key_list(2, revoked=(ROOT,)), "key list, key")
    store.take(key_list(2, revoked=(ROOT,), root=SPARE_ROOT))
    assert store.trust.counter == 2


def test_a_changed_list_is_refused():
    store = Store()
    good = key_list(1)
    for at in range(0, len(good), 7):
        changed = bytearray(good)
        changed[at] ^= 1
        with raises(Rejected):
            store.take(bytes(changed))
    assert store.trust.counter == 0 and not store.medium.kept


def test_the_fields_of_a_list_are_checked_and_named():
    store = Store()
    key = [RELEASE.public, 1, "release"]
    for field, fields in (
        ("key list.format", {1: 2, 2: 1, 3: [key], 4: []}),
        ("key list.counter", {1: 1, 2: 0, 3: [key], 4: []}),
        ("key list.keys", {1: 1, 2: 1, 3: [key] * 17, 4: []}),
        ("key list.keys", {1: 1, 2: 1, 3: [key, key], 4: []}),
        ("key list.keys[0]", {1: 1, 2: 1, 3: [key[:2]], 4: []}),
        ("key list.keys[0]", {1: 1, 2: 1, 3: [[bytes(64), 1, "x"]], 4: []}),
        ("key list.keys[0].kinds", {1: 1, 2: 1, 3: [[RELEASE.public, 4, "x"]], 4: []}),
        ("key list.keys[0].name", {1: 1, 2: 1, 3: [[RELEASE.public, 1, ""]], 4: []}),
        ("key list.revoked", {1: 1, 2: 1, 3: [key], 4: [bytes(7)]}),
        ("key list.revoked", {1: 1, 2: 1, 3: [key], 4: [bytes(8), bytes(8)]}),
        ("key list", {1: 1, 2: 1, 3: [key], 4: [], 5: 0}),
    ):  # fmt: skip
        store.refused(signed(encode(fields), ROOT, KEYS_TYPE), field)
    store.refused(key_list(1) + bytes(4096), "key list")
    assert store.trust.counter == 0


def test_a_power_cut_leaves_the_list_before_or_after():
    for mode in (BEFORE, AFTER, TORN):
        store = Store()
        store.take(key_list(1))
        store.medium.cut(1, mode)
        with raises(PowerCut):
            store.take(key_list(2))
        store.start()
        assert store.trust.counter == (2 if mode == AFTER else 1) and not store.trust.damaged
        store.take(key_list(3))
        assert store.trust.counter == 3


def test_a_list_that_a_medium_refuses_is_not_in_force():
    store = Store()
    store.take(key_list(1))
    store.medium.refuses = True
    with raises(OSError):
        store.take(key_list(2, ()))
    assert store.trust.counter == 1 and store.trust.key(RELEASE.kid)


def test_without_a_readable_list_no_key_counts_and_that_is_shown():
    store = Store()
    store.take(key_list(1))
    for name in store.medium.kept:
        store.medium.kept[name] = b"\xff" * 20
    store.start()
    assert store.trust.damaged and store.trust.keys() == []
    store.take(key_list(2))
    assert not store.trust.damaged and store.trust.key(RELEASE.kid)
