"""The installer's password: how it is kept, what opens it, and what a damaged record makes of everybody."""

from binascii import hexlify

from helper_target import Still, Target, finished, set_quickly

from ampacity.base.errors import Rejected
from ampacity.console.access import Access, old_digest, text_of
from ampacity.console.console import Console
from ampacity.console.pbkdf2 import ROUNDS_MIN, SLICE_US, Derivation
from ampacity.console.server import role_of
from ampacity.store.document_store import DocumentStore
from ampacity.store.memory_files import MemoryFiles
from check import raises

PHRASE = "a long pass phrase"


class Moving(Still):
    """A clock that counts a millisecond for each look."""

    def now_us(self):
        self.ms += 1
        return self.ms * 1000


def digest(password, salt, rounds):
    made = Derivation(salt, password, rounds)
    while not made.step(Still()):
        pass
    return hexlify(made.digest)


def access_on(files):
    return Access(DocumentStore(files, trusted=("access",)), lambda n: bytes(range(n)), target_us=1)


def with_password():
    files = MemoryFiles()
    finished(access_on(files).change(PHRASE))
    return files


def quick():
    files = MemoryFiles()
    set_quickly(DocumentStore(files), PHRASE)
    return access_on(files)


def test_the_derivation_is_the_one_of_the_standard():
    assert digest(b"passwd", b"salt", 1)[:32] == b"55ac046e56e3089fec1691c22544b605"  # RFC 7914, 11
    assert digest(b"password", b"salt", 4096) == b"c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"
    assert digest(b"k" * 65, b"salt", 3) != digest(b"k" * 64, b"salt", 3)


def test_a_slice_takes_no_longer_than_it_may_by_its_clock():
    made, clock = Derivation(b"salt", b"passwd", 100000), Moving()
    before_us = clock.now_us()
    assert not made.step(clock)
    assert clock.now_us() - before_us <= SLICE_US + 4000 and made.rounds < 100


def test_a_new_password_takes_at_least_ten_thousand_rounds_and_stores_their_number():
    kept = DocumentStore(with_password()).get("access")
    assert kept["kind"] == "pbkdf2-sha256" and kept["rounds"] >= ROUNDS_MIN
    assert str(digest(PHRASE.encode(), bytes(range(16)), kept["rounds"]), "ascii") == kept["hash"]


def test_the_record_of_an_earlier_version_is_accepted_and_rewritten():
    files, salt = MemoryFiles(), b"s" * 16
    DocumentStore(files).put("access", {"salt": text_of(salt), "hash": text_of(old_digest(salt, PHRASE))})
    assert finished(access_on(files).check("something else!", 0)) is False
    assert "kind" not in DocumentStore(files).get("access")
    assert finished(access_on(files).check(PHRASE, 0)) is True
    assert DocumentStore(files).get("access")["kind"] == "pbkdf2-sha256"
    assert finished(access_on(files).check(PHRASE, 0)) is True


def test_an_old_record_on_a_medium_that_cannot_be_written_still_opens():
    files, salt = MemoryFiles(), b"s" * 16
    DocumentStore(files).put("access", {"salt": text_of(salt), "hash": text_of(old_digest(salt, PHRASE))})
    files.bytes_max = 1
    assert finished(access_on(files).check(PHRASE, 0)) is True


def test_only_one_password_is_checked_at_a_time_and_an_abandoned_check_blocks_no_login():
    access = access_on(with_password())
    access.check(PHRASE, 1000).step(Still())
    with raises(Rejected):
        access.check(PHRASE, 1001)
    assert finished(access.check(PHRASE, 7000), 7000)


def test_one_flipped_bit_anywhere_in_the_record_gives_no_installer_rights():
    whole = with_password().read("access.set")
    for at in range(len(whole)):
        files = MemoryFiles()
        files.replace("access.set", whole[:at] + bytes((whole[at] ^ 4,)) + whole[at + 1 :])
        access = access_on(files)
        assert access.is_set() and role_of("127.0.0.1", access) == "none", at
        with raises(Rejected) as e:
            finished(access.check(PHRASE, 0))
        assert "access.set" in str(e.error)


def test_an_invalid_record_with_a_valid_checksum_gives_no_installer_rights():
    for value in ({}, [], 5, {"salt": "00", "hash": "zz"}, {"kind": "scrypt", "salt": "00", "hash": "00" * 32, "rounds": 5}):
        files = MemoryFiles()
        DocumentStore(files).put("access", value)
        access = access_on(files)
        assert access.is_set() and role_of("127.0.0.1", access) == "none"
        with raises(Rejected):
            access.check(PHRASE, 0)


def test_a_record_that_is_gone_is_no_password_that_was_never_set():
    files = with_password()
    files.remove("access.set")
    access = access_on(files)
    assert access.is_set() and role_of("127.0.0.1", access) == "none"
    with raises(Rejected):
        access.check(PHRASE, 0)
    fresh = access_on(MemoryFiles())
    assert not fresh.is_set() and role_of("127.0.0.1", fresh) == "installer"


def test_an_emptied_folder_starts_without_a_password():
    files = with_password()
    for name in files.list():
        files.remove(name)
    assert role_of("127.0.0.1", access_on(files)) == "installer"


def test_the_console_refuses_what_needs_an_installer_while_the_record_is_damaged():
    target = Target()
    target.files.replace("access.set", b"garbage")
    console = Console(target)
    assert "login" in console.line("limit main 16", role_of("127.0.0.1", target.access), 0)
    assert "access.set" in console.line("login " + PHRASE, "none", 0)


def guess(access, peer, now_ms, text="no such phrase"):
    """Was it looked at? A wrong one costs."""
    try:
        return finished(access.check(text, now_ms, peer), now_ms) or True
    except Rejected as e:
        assert "too soon" in str(e)
        return False


def test_a_guessing_client_waits_longer_each_time_and_blocks_only_itself():
    access, now_ms = quick(), 0
    for wait_s in (1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300):
        assert guess(access, "192.0.2.66", now_ms) and not guess(access, "192.0.2.66", now_ms + 1000 * wait_s - 1)
        now_ms += 1000 * wait_s
        for peer in ("192.0.2.%d" % wait_s if wait_s < 66 else "192.0.2.1", "127.0.0.1"):
            assert finished(access.check(PHRASE, now_ms, peer), now_ms) is True


def test_any_number_of_unknown_addresses_gets_few_attempts_a_day_and_a_known_one_its_own():
    access, tries = quick(), 0
    assert finished(access.check(PHRASE, 0, "192.0.2.7"), 0)
    for second in range(0, 86400, 10):
        now_ms = 1000 * second
        for n in range(3):
            tries += guess(access, "10.%d.%d.%d" % (n, second // 1000, second % 1000 // 10), now_ms)
        if second % 3600 == 0:
            for peer in ("192.0.2.7", "127.0.0.1", "::1", "local"):
                assert finished(access.check(PHRASE, now_ms, peer), now_ms) is True, (peer, second)
            assert second == 0 or not guess(access, "192.0.2.8", now_ms)
    assert 2800 < tries < 2910


def test_the_machine_itself_and_known_addresses_wait_seconds_however_often_they_were_wrong():
    access, now_ms = quick(), 0
    assert finished(access.check(PHRASE, 0, "192.0.2.7"), 0)
    for peer in ("192.0.2.7", "127.0.0.1", "local"):
        for _ in range(20):
            assert guess(access, peer, now_ms) and not guess(access, peer, now_ms + 999)
            now_ms += 10000
        assert finished(access.check(PHRASE, now_ms, peer), now_ms)
