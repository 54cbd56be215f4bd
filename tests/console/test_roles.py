"""The roles: what each may, whose password opens it, and at which interface."""

from helper_target import Still, Target, set_quickly
from test_trials import Desk

from ampacity.console.access import DOCUMENTS, INSTALLER, MANUFACTURER, VIEWER, Access
from ampacity.console.server import role_of
from ampacity.store.document_store import DocumentStore
from ampacity.store.memory_files import MemoryFiles

PIN, PHRASE, WORKS = "135790", "a long pass phrase", "the works in spring"


def guarded(files=None, **options):
    """A desk without a login at a controller on which all three passwords are set."""
    desk = Desk(files, **options)
    for phrase, role in ((PIN, VIEWER), (PHRASE, INSTALLER), (WORKS, MANUFACTURER)):
        set_quickly(desk.target.store, phrase, DOCUMENTS[role])
    desk.role = role_of("127.0.0.1", desk.target.access)
    return desk


def test_without_a_login_nothing_is_shown_once_a_password_is_set():
    for door in ("network", "serial"):
        desk = Desk(door=door)
        set_quickly(desk.target.store, PHRASE)
        desk.role = desk.target.access.role_at(door)
        assert desk.role == "none"
        for line in ("show", "why evse-1", "log", "log changes", "limit main 16", "restart"):
            assert desk(line).startswith("error: ") and "login" in desk(line), line
        assert desk.target.limits == [] and not desk("help").startswith("error") and desk("login " + PHRASE) == INSTALLER
        assert desk("show").startswith("mode") and desk("logout") == "none" and desk("show").startswith("error")


def test_a_viewer_sees_and_changes_nothing():
    desk = guarded()
    for line in ("show", "why evse-1", "log", "log changes"):
        assert desk(line).startswith("error: ") and "login viewer PASSWORD" in desk(line), line
    assert not desk("help").startswith("error")
    assert desk("login viewer " + PIN) == "viewer" and desk("show").startswith("mode")
    assert "login as installer" in desk("limit main 16") and "login as installer" in desk("restart")
    assert desk("logout") == "none" and desk("show").startswith("error")


def test_while_the_medium_cannot_be_read_only_a_person_at_the_serial_interface_sees_why():
    desk = Desk(door="serial")
    set_quickly(desk.target.store, PHRASE)
    access = desk.target.access
    read = desk.target.files.read

    def refuse(name):
        raise OSError(5)

    desk.target.files.read = refuse
    assert access.role_at("serial") == VIEWER and access.role_at("network") == "none"
    desk.role = VIEWER
    assert "cannot be read" in desk("login " + PHRASE) and desk("log 5") == "" and desk("limit main 16").startswith("error")
    desk.target.files.read = read
    assert Desk(desk.target.files.restart()).target.access.role_at("serial") == "none"


def test_each_role_has_its_own_password():
    desk = guarded(door="serial")
    assert "wrong password" in desk("login " + PIN)
    desk.now_ms += 1000
    assert desk("login " + PHRASE) == INSTALLER
    assert "manufacturer rights" in desk("password manufacturer another works phrase")
    assert desk("login manufacturer " + WORKS) == MANUFACTURER
    assert desk("password installer a new pass phrase") == "ok" and desk("login a new pass phrase") == INSTALLER


def test_the_manufacturer_comes_in_at_the_serial_interface_only():
    desk = guarded(peer="10.0.0.5")
    assert "at the network interface at most installer" in desk("login manufacturer " + WORKS)
    assert "installer rights" in desk("limit main 16") and desk.target.limits == []


def test_the_manufacturer_lowers_what_the_network_gives():
    desk = guarded(door="serial")
    desk("login manufacturer " + WORKS)
    assert desk("interface") == "network: installer\nserial: manufacturer"
    assert desk("interface network viewer") == "ok"
    far = guarded(desk.target.files, peer="10.0.0.5")
    assert "at most viewer" in far("login " + PHRASE) and far("login viewer " + PIN) == VIEWER
    assert desk("interface radio viewer").startswith("error: ") and desk("interface serial none").startswith("error: ")
    assert desk("interface network king").startswith("error: ") and desk("login " + PHRASE) == INSTALLER
    assert "manufacturer rights" in desk("interface network installer")


def test_a_new_controller_lets_its_works_set_the_first_password():
    desk = Desk()
    assert desk("password manufacturer " + WORKS) == "ok"
    assert "manufacturer rights" in desk("password manufacturer another works phrase")
    assert "12..64" in desk("password too-short") and "6..64" in desk("password viewer 12345")
    assert desk("password viewer " + PIN) == "ok"
    assert "begin with the name of a role" in desk("password installer viewer is my password")


def test_wrong_passwords_of_any_role_cost_the_same_growing_wait():
    desk = guarded(peer="10.0.0.5")
    assert "wrong password" in desk("login viewer 000000")
    assert "possible in 1 s" in desk("login " + PHRASE)
    desk.now_ms += 1000
    assert "wrong password" in desk("login guess-number-two")
    assert "possible in 2 s" in desk("login viewer " + PIN)


def test_a_viewers_pin_makes_no_address_known_for_other_passwords():
    desk = guarded(peer="10.0.0.5")
    assert desk("login viewer " + PIN) == VIEWER and not desk.target.access.knows("10.0.0.5")
    assert desk("login " + PHRASE) == INSTALLER and desk.target.access.knows("10.0.0.5")


def test_a_role_without_a_password_has_no_login():
    desk = Desk()
    set_quickly(desk.target.store, PHRASE)
    assert "no password of the manufacturer is set" in Desk(desk.target.files, door="serial")("login manufacturer guess")


def test_a_damaged_or_missing_record_of_a_role_opens_nothing():
    for role, name in ((VIEWER, "access_viewer"), (MANUFACTURER, "access_manufacturer")):
        files = MemoryFiles()
        names = ("access", "access_viewer", "access_manufacturer", "interfaces")
        set_quickly(DocumentStore(files, trusted=names), PHRASE, name)
        for broken in (b"garbage", None):
            files.remove(name + ".set")
            if broken:
                files.replace(name + ".set", broken)
            access = Access(DocumentStore(files, trusted=names), lambda n: bytes(range(n)), 1)
            assert access.is_set(role) and access.lost(role), (name, broken)


def test_a_damaged_list_of_interfaces_lets_no_changes_in_from_the_network():
    target = Target()
    target.files.replace("interfaces.set", b"garbage")
    assert target.access.greatest("network") == VIEWER and target.access.greatest("serial") == MANUFACTURER


def test_once_the_report_is_signed_a_session_without_a_password_may_only_set_it():
    desk = Desk()
    access = desk.target.access
    assert role_of("127.0.0.1", access) == INSTALLER
    access.commissioned = lambda: True
    desk.role = role_of("127.0.0.1", access)
    assert desk.role == access.role_at("serial") == "none" and desk.target.limits == []
    for line in ("limit main 16", "set share.slot_s 600", "show", "log", "why evse-1"):
        assert "set a password first: `password NEW`" in desk(line), line
    assert desk("help").startswith("help") and desk("password " + PHRASE) == "ok"
    assert desk("login " + PHRASE) == INSTALLER and desk("limit main 16") == "ok"
    assert "login as installer" in Desk(desk.target.files, role="none")("password another pass phrase")


def beside(desk, peer):
    """Another session at the same controller, without a login."""
    other = Desk(peer=peer)
    other.target = other.console.target = desk.target
    other.role = desk.role
    return other


def test_a_new_password_and_a_lower_interface_end_the_logins_of_all_other_sessions():
    for line in ("password another pass phrase", "password manufacturer another works phrase", "interface network viewer", "interface network none"):
        desk = guarded(door="serial")
        far = beside(desk, "10.0.0.5")
        assert far("login " + PHRASE) == INSTALLER and desk("login manufacturer " + WORKS) == MANUFACTURER
        assert desk(line) == "ok"
        for refused in ("set share.slot_s 810", "password evil-evil-evil-1"):
            assert "installer rights" in far(refused), (line, far(refused))
        assert not far.console.logged_in and desk("interface network installer") == "ok", "its own login goes on"


def test_a_login_that_was_being_checked_while_its_password_changed_opens_nothing():
    desk = guarded()
    far = beside(desk, "10.0.0.5")
    assert desk("login " + PHRASE) == INSTALLER
    assert far.console.line("login " + PHRASE, far.role, far.now_ms) is None
    desk.target.access.changes += 1  # as another session's `password NEW` does at its end
    answer = None
    while answer is None:
        answer = far.console.continue_line(Still(far.now_ms))
    assert answer.startswith("error: ") and not far.console.logged_in and "installer rights" in far("set share.slot_s 810")
