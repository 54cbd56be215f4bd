"""The configuration of a primary over its console: read without secrets, sent in pieces, checked, committed on trial."""

from binascii import a2b_base64, b2a_base64

from helper_garage import Garage, site

from ampacity.base import strict_json
from ampacity.base.errors import NotNow
from ampacity.console.console import Console
from ampacity.console.transfer import DATA_BYTES_MAX, Transfer
from ampacity.roles.configuration.site_trial import SITE, SiteTrial, digest
from ampacity.roles.service.configuring import LEFT_MS, Configuring
from ampacity.store.document_store import DocumentStore
from ampacity.store.memory_files import MemoryFiles
from ampacity.update.cbor import CONFIGURATION, decode, encode

OCPP = {"identity": "CS1", "url": "ws://csms.example", "password": "correct-horse", "version": "2.0.1", "security_profile": 1}
MINUTE_MS = 60000


class Installer:
    """At the console of a garage whose site.json is on a medium of its own."""

    def __init__(self, facts=None, door="network"):
        self.disk = MemoryFiles()
        self.facts = facts or site()
        self.disk.replace(SITE, strict_json.dumps(self.facts).encode())
        self.garage = Garage(self.facts)
        self.garage.data_files = self.garage.platform.data_files = self.disk
        self.door = door
        self.connect()

    def connect(self):
        self.console = Console(self.garage.primary.console, door=self.door)

    def __call__(self, text):
        return self.console.line(text, "installer", self.garage.now_us // 1000)

    def json(self, text):
        answer = self(text)
        assert not answer.startswith("error"), answer
        return strict_json.loads(answer)

    def send(self, facts, raw=None):
        """All pieces; the answer of the check."""
        data = raw or encode(facts, simple=True)
        at = self.offset(self(begin(data)))
        while at < len(data):
            at = self.offset(self(piece(data, at)))
        answer = self("transfer end")
        while answer == "offset %d" % len(data):
            answer = self("transfer end")
        return answer

    def offset(self, answer):
        assert answer.startswith("offset "), answer
        return int(answer[7:])

    def active(self):
        return strict_json.loads(self.disk.read(SITE))

    def restart(self):
        """What the boot does, and a new life on the site that is there."""
        files = self.garage.files
        trial = SiteTrial(DocumentStore(files), files, self.disk)
        trial.start()
        self.garage.facts = self.active()
        self.garage.start()
        self.connect()


def begin(data):
    return "transfer begin configuration %d %s" % (len(data), digest(data))


def piece(data, at):
    return "transfer data %d %s" % (at, str(b2a_base64(data[at : at + DATA_BYTES_MAX]), "ascii").strip())


def changed(**fields):
    facts = site()
    facts["evses"][1].update(fields)
    return facts


def test_what_is_read_is_the_active_configuration_without_its_secrets():
    desk = Installer(site(ocpp=OCPP))
    info = desk.json("config info")
    assert info["secrets"] == ["ocpp.password"] and info["role"] == "primary" and info["trial"] is None
    data = b""
    while len(data) < info["bytes"]:
        line = desk("config read %d" % len(data))
        assert len(line) <= 480
        data += a2b_base64(line)
    assert digest(data) == info["sha256"] and b"horse" not in data
    assert decode(data, "site", 0, CONFIGURATION) == site(ocpp=dict(OCPP, password=None))


def test_a_configuration_is_sent_checked_staged_and_active_on_trial_after_the_restart():
    desk = Installer()
    facts = strict_json.loads(desk.send(changed(limit_da=100)))
    assert facts["changes"] == ["evses[evse-2].limit_da: 160 -> 100"] and facts["safety"] == [] and facts["count"] == 1
    assert "limit_da" in desk("show changes") and desk.active() == site()
    assert "on trial for 3 min" in desk("commit 3")
    assert desk.garage.run(1000).platform.resets == ["immediate"]
    assert desk.active() == changed(limit_da=100)
    desk.restart()
    assert desk.json("config info")["trial"] == "running" and "left_s: 180" in desk("show changes")
    assert desk("commit confirm") == "configuration confirmed"
    desk.restart()
    assert desk.active() == changed(limit_da=100) and desk.json("config info")["trial"] is None
    head, first, last = desk("log changes").split("\n")[-3:]
    assert "installer at network: configuration " in head and head.endswith(", fields that change: 1")
    assert first.endswith("installer at network: evses[evse-2].limit_da: 160 -> 100") and last.endswith("configuration confirmed")


def test_each_change_that_touches_safety_is_in_the_journal_with_its_former_and_new_value():
    """Rule 15."""
    new = changed(limit_da=100, feeder_da=200)
    new["circuits"][0]["rating_da"] = [300, 300, 300]
    desk = Installer(door="serial")
    assert strict_json.loads(desk.send(new))["count"] == 3
    desk("commit 3")
    head, *lines = [line.split(": ", 1)[1] for line in desk("log changes").split("\n")[-3:]]
    assert head.startswith("configuration ") and head.endswith(", fields that change: 3")
    former = site()["circuits"][0]["rating_da"], site()["evses"][1]["feeder_da"]
    assert lines == ["circuits[main].rating_da: %s -> [300, 300, 300]" % (former[0],), "evses[evse-2].feeder_da: %d -> 200" % former[1]]


def test_the_journal_of_a_large_change_is_one_write_and_says_how_much_it_leaves_out():
    def with_fields(count):
        return site(a_part_of_tomorrow={"field %02d" % i: i % count for i in range(30)})

    desk = Installer(with_fields(30), door="serial")
    assert strict_json.loads(desk.send(with_fields(4)))["safety"][-1] == "more fields that touch safety: 2"
    files = desk.garage.files
    before, replace, written = files.writes, files.replace, []
    files.replace = lambda name, data: (written.append(name), replace(name, data))[1]
    assert "restarting" in desk("commit 3")
    assert [name for name in written if "changes" in name] == ["changes.set"] and files.writes - before <= 3, written
    lines = [line.split(": ", 1)[1] for line in desk("log changes").split("\n")]
    assert len(lines) == 26 and lines[-1] == "more fields that touch safety: 2" and lines[1] == "a_part_of_tomorrow.field 04: 4 -> 0"


def test_a_journal_without_memory_holds_up_no_restart():
    desk = Installer(door="serial")
    desk.send(changed(feeder_da=200))

    def full(name, data):
        raise MemoryError

    documents = desk.garage.primary.documents
    put = documents.put
    documents.put = lambda name, value: full(name, value) if name == "changes" else put(name, value)
    assert "restarting" in desk("commit 3") and desk.garage.run(1000).platform.resets == ["immediate"]
    assert desk.active() == changed(feeder_da=200) and "journal of changes: not kept" in desk("log 100")


def test_not_confirmed_in_time_the_previous_one_returns_with_another_restart():
    desk = Installer()
    desk.send(changed(limit_da=100))
    desk("commit 1")
    desk.garage.run(1000)
    desk.restart()
    desk.garage.run(MINUTE_MS - 1000)
    assert desk.garage.platform.resets == []
    desk.garage.run(2000)
    assert desk.garage.platform.resets == ["immediate"] and desk.active() == site()
    desk.restart()
    assert "configuration not confirmed in time" in desk("log changes") and "on_trial" not in desk("show changes")


def test_a_start_within_the_time_returns_to_the_previous_one():
    desk = Installer()
    desk.send(changed(limit_da=100))
    desk("commit")
    desk.restart()
    assert desk.active() == changed(limit_da=100)
    desk.restart()
    assert desk.active() == site() and "nothing is on trial" in desk("commit confirm") and desk.json("config info")["trial"] is None
    assert "controller: configuration not confirmed before a restart" in desk("log changes").split("\n")[-1]
    desk.restart()
    assert desk("log changes").count("before a restart") == 1


def test_a_restart_for_a_configuration_keeps_lock_outs():
    desk = Installer()
    desk.garage.run(9000)
    unlocked = []
    desk.garage.primary.guard.unlock = unlocked.append
    desk.send(changed(limit_da=100))
    desk("commit")
    assert desk.garage.run(1000).platform.resets == ["immediate"] and unlocked == []


def test_a_wrong_configuration_is_refused_with_its_field_and_replaces_nothing():
    for facts, said in (
        (changed(max_da=400, limit_da=160), "evse-2"), (changed(terminals="L1"), "terminals"), (site(format=2), "format"),
        (site(role="secondary"), "role"), (site(evses=5), "evses"), (site(circuits=[]), "circuits"), ([1], "role"),
    ):  # fmt: skip
        desk = Installer()
        answer = desk.send(facts)
        assert answer.startswith("error: ") and said in answer, (said, answer)
        assert desk("commit") == "nothing staged" and desk.active() == site()


def test_a_security_profile_without_its_certificates_is_refused_with_the_field():
    desk = Installer(site(ocpp=OCPP))
    root = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"
    for profile, material, field in (
        (2, {}, "ocpp.root_pem"), (3, {"root_pem": root}, "ocpp.certificate_pem"), (2, {"root_pem": "garbage"}, "ocpp.root_pem"),
        (3, {"root_pem": root, "certificate_pem": root}, "ocpp.key_pem"), (2, {"root_pem": root}, None),
        (3, {"root_pem": root, "certificate_pem": root, "key_pem": key}, None),
    ):  # fmt: skip
        answer = desk.send(site(ocpp=dict(OCPP, url="wss://csms.example", security_profile=profile, **material)))
        assert answer.startswith("{") if field is None else answer.startswith("error: %s" % field), (profile, material, answer)
        assert "horse" not in answer and "staged" in desk("show changes") and desk.active() == site(ocpp=OCPP)
        desk("rollback")


def test_bytes_that_are_not_a_configuration_are_refused():
    for raw in (b"\xff" * 40, b"\xa1\x61a", b"\xfb" + bytes(8), encode({"format": 1}) + b"\x00"):
        desk = Installer()
        assert desk.send(None, raw).startswith("error: configuration, byte") or "role" in desk.send(None, raw)
        assert desk("commit") == "nothing staged"


def test_other_bytes_than_announced_are_refused():
    desk = Installer()
    data = encode(site(), simple=True)
    desk("transfer begin configuration %d %s" % (len(data), "0" * 64))
    for at in range(0, len(data), DATA_BYTES_MAX):
        desk(piece(data, at))
    assert desk("transfer end").startswith("error: SHA256") and desk("commit") == "nothing staged"
    assert "none is under way" in desk(piece(data, 0))


def test_a_transfer_continues_where_it_was_also_on_another_connection():
    desk = Installer()
    data = encode(site(), simple=True)
    assert desk(begin(data)) == "offset 0" and desk(piece(data, 0)) == "offset 360" == desk(piece(data, 0))
    desk.connect()
    assert desk(begin(data)) == "offset 360" and desk(piece(data, 720)) == "offset 360" and desk("transfer end") == "offset 360"


def test_lines_that_make_no_sense_are_refused():
    desk = Installer()
    for line in ("config", "config x", "config read", "config read x", "config read 999999", "config info now", "config settings x",
                 "transfer begin configuration 262145 " + "0" * 64, "transfer begin poem 8 " + "0" * 64):  # fmt: skip
        assert desk(line).startswith("error: "), (line, desk(line))


def test_what_touches_safety_needs_a_person_once_a_password_is_set():
    facts = site(rating_da=180)
    desk = Installer()
    desk.garage.primary.documents.put("access", {"kind": "pbkdf2-sha256", "rounds": 1, "salt": "00", "hash": "00" * 32})
    told = strict_json.loads(desk.send(facts))
    assert told["safety"] == ["circuits[main].rating_da: [200, 200, 200] -> [180, 180, 180]"]
    answer = desk("commit")
    assert answer.startswith("error: circuits[main].rating_da is refused: it touches safety") and desk.active() == site()
    local = Console(desk.garage.primary.console, door="serial")
    line = "commit 10 " + digest(encode(facts, simple=True))
    assert "on trial" in local.line(line, "installer", desk.garage.now_us // 1000) and desk.active() == facts


def test_a_free_change_needs_no_person():
    desk = Installer()
    desk.garage.primary.documents.put("access", {"kind": "pbkdf2-sha256", "rounds": 1, "salt": "00", "hash": "00" * 32})
    desk.send(changed(limit_da=100, priority=3))
    assert "on trial" in desk("commit")


def test_a_closed_presence_input_counts_as_a_person():
    desk = Installer()
    desk.garage.primary.documents.put("access", {"kind": "pbkdf2-sha256", "rounds": 1, "salt": "00", "hash": "00" * 32})
    desk.send(site(rating_da=180))
    closed = [False]
    desk.garage.primary.console.changes.present = lambda: closed[0]
    assert "it touches safety" in desk("commit")
    closed[0] = True
    assert "on trial" in desk("commit")


def test_a_secret_that_does_not_come_stays():
    desk = Installer(site(ocpp=OCPP))
    told = strict_json.loads(desk.send(site(ocpp=dict(OCPP, password=None, url=OCPP["url"] + "/other"))))
    assert told["kept"] == ["ocpp.password"] and told["missing"] == [] and told["count"] == 1
    desk("commit")
    assert desk.active()["ocpp"]["password"] == "correct-horse" and "horse" not in desk("log changes")


def test_a_secret_does_not_come_along_to_another_address():
    desk = Installer(site(ocpp=OCPP))
    told = strict_json.loads(desk.send(site(ocpp=dict(OCPP, password=None, url="ws://other.example"))))
    assert told["kept"] == [] and told["missing"] == ["ocpp.password"]
    desk("commit")
    assert desk.active()["ocpp"]["password"] is None


def test_settings_and_a_configuration_are_not_committed_together():
    desk = Installer()
    desk.send(changed(limit_da=100))
    desk("set idle_s 120")
    assert "settings and a configuration are staged" in desk("commit")
    assert desk("rollback") == "2 discarded" and desk("commit") == "nothing staged"


def test_a_configuration_is_never_committed_without_a_confirm_time():
    desk = Installer()
    desk.send(changed(limit_da=100))
    assert "1..120 minutes" in desk("commit 0") and desk.active() == site()


def test_a_session_commits_what_it_has_sent_or_named_and_not_what_another_session_has_sent():
    desk = Installer()
    desk.send(changed(limit_da=100))
    person = desk.console
    desk.connect()
    told = strict_json.loads(desk.send(site(rating_da=180)))
    other, desk.console = desk.console, person
    assert "another session has sent a configuration" in desk("commit 5") and desk.active() == site()
    mine = digest(encode(changed(limit_da=100), simple=True))
    assert "another configuration was sent" in desk("commit 5 " + mine) and desk.active() == site()
    desk("set idle_s 120")
    assert "idle_s" in desk("commit 0") and desk.active() == site()
    desk.console = other
    assert "on trial for 5 min" in desk("commit 5") and desk.active() == site(rating_da=180) and told["sha256"] != mine


def test_pieces_and_end_are_those_of_the_session_that_began():
    desk = Installer()
    data, others = encode(changed(limit_da=100), simple=True), encode(site(rating_da=180), simple=True)
    at = desk.offset(desk(begin(data)))
    while at < len(data):
        at = desk.offset(desk(piece(data, at)))
    person = desk.console
    desk.connect()
    for text in (piece(data, 0), "transfer end"):
        assert "it is that of installer at network" in desk(text), text
    assert desk("transfer abort") == "aborted"
    at = desk.offset(desk(begin(others)))
    while at < len(others):
        at = desk.offset(desk(piece(others, at)))
    desk.console = person
    for text in (piece(others, 0), "transfer end", "transfer end"):
        assert "it is that of installer at network" in desk(text), text
    assert desk("commit 5") == "nothing staged" and desk("transfer status") == "offset %d" % len(others)


def test_the_same_begin_continues_a_transfer_in_another_session():
    desk = Installer()
    data = encode(changed(limit_da=100), simple=True)
    at = desk.offset(desk(begin(data)))
    at = desk.offset(desk(piece(data, at)))
    desk.connect()
    assert at > 0 and desk(begin(data)) == "offset %d" % at
    desk.send(None, data)
    assert "on trial for 5 min" in desk("commit 5")


def test_a_rollback_leaves_what_another_session_has_sent_while_that_one_is_there():
    desk = Installer()
    desk.send(changed(limit_da=100))
    sender = desk.console
    desk.connect()
    assert "sent by another session, installer at network" in desk("rollback")
    desk("set idle_s 120")
    assert desk("rollback") == "1 discarded"
    desk("set idle_s 120 commit 5")
    assert desk("rollback") == "settings: as before the commit"
    desk.console = sender
    assert "on trial for 5 min" in desk("commit 5") and desk.active() == changed(limit_da=100)
    desk = Installer()
    desk.send(changed(limit_da=100))
    desk.console.open = False
    desk.connect()
    assert desk("rollback") == "1 discarded" and desk("rollback") == "0 discarded"


def test_after_a_break_the_configuration_is_committed_by_its_digest_from_another_session():
    desk = Installer()
    told = strict_json.loads(desk.send(changed(limit_da=100)))
    desk.connect()
    assert told["sha256"] in desk("show changes --json") and "another session" in desk("commit 5")
    for other in (told["sha256"][:15], "0" + told["sha256"][:15], told["sha256"] + "0"):
        assert desk("commit 5 " + other).startswith("error: commit"), other
    assert "on trial for 5 min" in desk("commit 5 " + told["sha256"][:16]) and desk.active() == changed(limit_da=100)
    desk = Installer()
    assert "none was sent" in desk("commit 5 " + told["sha256"])


def test_while_one_is_on_trial_no_other_is_taken():
    desk = Installer()
    desk.send(changed(limit_da=100))
    desk("commit")
    desk.restart()
    assert "on trial already" in desk(begin(b"12345678"))
    assert "as before the commit" in desk("rollback") and desk.active() == site()


def test_a_second_commit_before_the_restart_is_refused_and_the_good_one_returns():
    desk = Installer()
    desk.send(changed(limit_da=100))
    desk("commit 1")
    assert "waits for the restart" in desk(begin(b"12345678"))
    assert desk.active() == changed(limit_da=100)
    desk.restart()
    assert desk.json("config info")["trial"] == "running"
    desk("rollback")
    assert desk.active() == site()


def test_one_whose_pieces_came_meanwhile_is_refused_at_its_commit():
    desk = Installer()
    desk.send(changed(limit_da=100))
    taking = desk.garage.primary.console.configuring()
    beside = (taking._staged, dict(taking._facts), desk.console)
    desk("commit 1")
    taking._staged, taking._facts, taking._sender = beside  # its pieces came while the first was committed
    assert "on trial already" in desk("commit 1")
    desk.restart()
    desk("rollback")
    assert desk.active() == site()


def test_what_was_sent_and_not_committed_is_forgotten():
    desk = Installer()
    desk.send(changed(limit_da=100))
    desk.garage.now_us += LEFT_MS * 1000
    desk("config info")
    assert desk("commit") == "nothing staged"


def no_memory(facts):
    raise MemoryError


def test_without_memory_for_it_the_transfer_ends_and_the_configuration_stays():
    desk = Installer()
    primary = desk.garage.primary
    taking = Configuring(primary.platform, primary.documents, primary.console, "primary", no_memory, None)
    transfer, data = Transfer({"configuration": taking.open_sink}), encode(changed(limit_da=100), simple=True)
    answer = transfer.command(begin(data).split()[1:], 0)
    try:
        while True:
            at = desk.offset(answer)
            answer = transfer.command(piece(data, at).split()[1:] if at < len(data) else ["end"], 0)
    except NotNow as e:
        assert "too little memory is free" in str(e)
    assert transfer.sink is None and taking.staged() is None and desk.active() == site()


def test_a_medium_that_refuses_the_commit_changes_nothing():
    desk = Installer()
    desk.send(changed(limit_da=100))
    desk.disk.bytes_max = 10
    assert desk("commit").startswith("error: storage") and desk.active() == site()
    desk.restart()
    assert desk.active() == site() and desk.json("config info")["trial"] is None


def test_the_settings_that_differ_from_their_default_are_read_as_set_takes_them():
    desk = Installer()
    desk("set idle_s 120")
    desk("set evse-2.limit_a 9.5")
    desk("commit 0")
    assert desk.json("config settings") == {"settings": {"idle_s": "120", "evse-2.limit_a": "9.5"}, "secrets": []}
    desk.garage.primary.documents.put("access_viewer", {"kind": "pbkdf2-sha256", "rounds": 1, "salt": "00", "hash": "00" * 32})
    assert desk.json("config settings")["secrets"] == ["password viewer"]


def test_a_controller_without_a_data_folder_says_so():
    garage = Garage()
    assert "no data folder" in Console(garage.primary.console).line("config info", "installer", garage.now_us // 1000)
