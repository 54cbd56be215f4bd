"""What the console asks before it acts, and how it refuses what was mistyped."""

from helper_target import Target

from ampacity.console.console import ASK, COMMANDS, Console
from ampacity.console.error_texts import near
from ampacity.console.help_texts import ABOUT


class Desk:
    def __init__(self, role="installer"):
        self.target = Target()
        self.console = Console(self.target)
        self.role = role
        self.now_ms = 1000

    def __call__(self, text):
        return self.console.line(text, self.role, self.now_ms)


def test_a_dangerous_command_asks_and_the_next_yes_does_it_once():
    desk = Desk()
    answer = desk("restart")
    assert answer.startswith(ASK + "restart: charging pauses.") and "`yes`" in answer and desk.target.restarts == 0
    assert desk("yes") == "restarting" and desk.target.restarts == 1
    assert desk("yes").startswith("error: yes is refused: no question is open") and desk.target.restarts == 1


def test_anything_else_than_yes_drops_the_question():
    desk = Desk()
    for word in ("no", "show version", "yes please", "restart"):
        desk("restart")
        desk(word)
        if word != "restart":
            assert desk("yes").startswith("error: "), word
    assert desk.target.restarts == 0
    assert desk("yes") == "restarting"
    desk("restart")
    assert desk("no") == "not done" and desk("no").startswith("error: ")


def test_a_question_is_forgotten_after_a_minute():
    desk = Desk()
    desk("restart")
    desk.now_ms += 60000
    assert desk("yes").startswith("error: ") and desk.target.restarts == 0


def test_with_two_dashes_and_yes_it_does_not_ask():
    desk = Desk()
    assert desk("restart --yes") == "restarting" == desk("--yes restart".split()[1] + " --yes")
    assert desk.target.restarts == 2


def test_rights_are_looked_at_again_when_yes_comes():
    desk = Desk()
    desk("restart")
    desk.role = "viewer"
    assert "installer" in desk("yes") and desk.target.restarts == 0


def test_each_conversation_has_its_own_question():
    desk = Desk()
    other = Console(desk.target)
    desk("restart")
    assert other.line("yes", "installer", 1000).startswith("error: ") and desk.target.restarts == 0


def test_trailing_words_are_refused_and_nothing_is_done():
    desk = Desk()
    for line in ("restart now please", "restart now please --yes", "commit now", "logout all", "rollback x", "show site now",
                 "show evse evse-1 now", "log many", "log 3 4", "help show evse", "why evse-1 evse-2", "login"):  # fmt: skip
        answer = desk(line)
        assert answer.startswith("error: "), line
    assert desk("restart now please") == "error: restart does not take `now please`; usage: restart"
    assert desk("yes").startswith("error: ") and desk.target.restarts == 0


def test_a_mistyped_name_gets_a_suggestion():
    desk = Desk()
    for line, meant in (("shwo", "show"), ("restrat", "restart"), ("hlep", "help"), ("Show", "show"), ("roll", "rollback"),
                        ("why evse1", "evse-1"), ("show circuit mian", "main"), ("help resatrt", "restart"), ("set share.slot 600", "share.slot_s"),
                        ("show versoin", "version")):  # fmt: skip
        assert "did you mean `%s`?" % meant in desk(line), (line, desk(line))
    assert "did you mean" not in desk("weather")


def test_refusals_are_sentences_with_what_is_right():
    desk = Desk()
    assert desk("show evse evse-7") == "error: there is no evse `evse-7`, did you mean `evse-1`?; there are evse-1, evse-2"
    assert desk("limit main") == "error: limit does not take `main`; usage: limit TARGET AMPS | WATTSW | off [SECONDS]"
    assert desk("set share.slot_s 10") == "error: share.slot_s `10` is refused; expected: 60..86400 s"
    assert not [line for line in ("why x", "limit a b", "nonsense") if "is not allowed; use" in desk(line)]


def test_help_of_a_command_explains_it():
    desk = Desk("viewer")
    assert desk("help limit").startswith("limit TARGET AMPS | WATTSW | off [SECONDS]\n") and "Example: limit" in desk("help limit")
    assert desk("help restart") == "restart\nStarts anew." and desk("help isolate") == "isolate EVSE on|off"
    assert sorted(ABOUT) == sorted([name for name, _, _ in COMMANDS])


def test_a_probable_intention_is_a_similar_word():
    names = ["accept", "commission", "commit", "confirm", "evse-1", "evse-2", "x"]
    for typed, meant in (("acept", "accept"), ("comit", "commit"), ("confrim", "confirm"), ("ACCEPT", "accept"), ("", None), ("qq", None),
                         ("acc", "accept"), ("com", None), ("evse-3", "evse-1"), ("y", None)):  # fmt: skip
        assert near(typed, names) == meant, (typed, near(typed, names))
