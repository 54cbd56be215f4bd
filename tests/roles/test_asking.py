"""What a primary's console asks before a person does what frees current or stops charging."""

from helper_garage import Garage

from ampacity.console.console import ASK, Console
from ampacity.roles.service.primary_help import ABOUT


def desk():
    garage = Garage()
    garage.run(2000)
    console = Console(garage.primary.console)
    return garage, lambda text: console.line(text, "installer", garage.now_us // 1000)


def test_a_dangerous_command_asks_first_and_an_unknown_name_is_refused_at_once():
    garage, say = desk()
    for line in ("restart", "commission start", "commission start evse-2", "accept evse-2", "unlock evse-2", "confirm main", "trust main",
                 "isolate evse-2 on", "gone evse-9"):  # fmt: skip
        assert say(line).startswith(ASK + line), (line, say(line))
    for line in ("accept evse-9", "unlock", "confirm mian", "isolate evse-9 on"):
        assert say(line).startswith("error: "), (line, say(line))
    for line in ("isolate evse-2 off", "gone", "commission status", "time", "solar evse-2 off"):
        assert not say(line).startswith(ASK), (line, say(line))


ASKING = {
    "accept": "accept evse-2", "commission": "commission start", "confirm": "confirm main", "gone": "gone evse-9",
    "isolate": "isolate evse-2 on", "relearn": "relearn", "restart": "restart", "test": "test evse-2", "trust": "trust main",
    "unlock": "unlock evse-2",
}  # fmt: skip


def test_each_command_whose_row_has_a_question_asks_it():
    garage, say = desk()
    garage.primary.persistence.lost = True  # `relearn` is refused otherwise
    rows = garage.primary.console.commands
    assert sorted([word for word in rows if len(rows[word]) > 2]) == sorted(ASKING)
    for word in sorted(ASKING):
        assert say(ASKING[word]).startswith("%s%s: %s\n" % (ASK, ASKING[word], rows[word][2])), word


def test_a_question_in_the_row_of_a_new_command_is_all_that_it_takes_to_ask():
    garage, say = desk()
    garage.primary.console.commands["sweep"] = ("sweep EVSE", lambda words, now_ms: "swept " + words[0], "it is swept.")
    assert say("sweep evse-1").startswith(ASK + "sweep evse-1: it is swept.")
    assert say("yes") == "swept evse-1" == say("sweep evse-1 --yes")


def test_unlock_is_executed_after_yes():
    garage, say = desk()
    say("unlock evse-1")
    assert garage.log.since(0)[-1][3] != "unlocked: evse-1"
    assert say("yes") == "ok" and garage.log.since(0)[-1][3] == "unlocked: evse-1"


def test_each_command_is_explained():
    garage, say = desk()
    for word in garage.primary.console.commands:
        assert ABOUT.get(word), word
        assert ABOUT[word] in say("help " + word)
    assert sorted(ABOUT) == sorted(garage.primary.console.commands)


def test_extra_words_after_a_commissioning_command_are_refused():
    _, say = desk()
    assert say("commission abort now").startswith("error: commission does not take")
