"""The configuration of a bare MicroPython board at its prompt (mpremote): for the first one, and where no console runs.

The file is written next to the old one, compared by its digest, judged by the firmware of the board where that is there, and then renamed.
"""

import json
from typing import Any

from ampacity_host.configure.push_pull import NoConnection, Prompt, TransferRefused, encoded, place_of
from ampacity_host.configure.transfer.canonical import differences, digest, redacted, to_cbor
from ampacity_host.configure.transfer.interfaces import Active, Refusal, Report, Unreachable

JUDGE = """
def _judge(name):
    try:
        from ampacity.roles.boot import read_json
        from ampacity.base.errors import Rejected
    except ImportError:
        return None
    folder, _, file = name.rpartition('/')
    try:
        site = read_json(folder or '.', file)
        if site.get('role') == 'secondary':
            from ampacity.roles.secondary import checked
        else:
            from ampacity.roles.configuration.compiled_site import checked
        checked(site)
    except ImportError:
        return 'role: the firmware of this board is not that of a %s' % site.get('role', 'primary')
    except Rejected as error:
        return str(error)
    return ''
"""
NEW = ".judged"


class OverPrompt:
    """tty: the serial device of the prompt. folder: the data folder there, "" for the root; None: as Prompt.data_folder.

    before: what was tried there first, for the text where there is no prompt either.
    """

    def __init__(self, tty: str, folder: str | None, before: str = "") -> None:
        self._before = before
        self._tty = tty
        self._folder = folder
        self._name = place_of(folder or "")

    def active(self, report: Report) -> Active:
        """What is stored."""
        facts, secrets = redacted(self._stored() or self._none())
        return Active(facts, secrets, digest(to_cbor(facts)))

    def _none(self) -> Any:
        raise Refusal(f"{self._name}: the controller has no {self._name}")

    def _stored(self) -> dict[str, Any] | None:
        """The configuration with its secrets; None: there is none."""
        try:
            with Prompt(self._tty) as prompt:
                if self._folder is None:
                    self._folder = prompt.data_folder()
                    self._name = place_of(self._folder)
                if prompt.hash_of(self._name) is None:
                    return None
                found: dict[str, Any] = json.loads(prompt.read(self._name))
        except NoConnection as problem:
            raise Unreachable(f"{self._before}{problem}") from None
        except TransferRefused as problem:
            raise Refusal(str(problem)) from None
        except ValueError:
            raise Refusal(f"{self._name}: what the controller has is not JSON") from None
        if not isinstance(found, dict):
            raise Refusal(f"{self._name}: what the controller has is no configuration")
        return found

    def settings(self) -> dict[str, Any]:
        """None can be read here: they are in the store of the controller."""
        return {"settings": {}, "secrets": []}

    def send(self, facts: dict[str, Any], minutes: int, confirm: bool, report: Report) -> dict[str, Any]:
        """Written, read back, judged, and active after the restart at the end."""
        from ampacity.roles.configuration.site_comparison import fill_secrets

        present = self._stored()
        if present is not None and present.get("role") != facts.get("role"):
            text = f"the board has the configuration of a {role_of(present)}, not of a {role_of(facts)}; to change that remove {self._name} there"
            raise Refusal(f"role: {text}")
        kept: list[str] = []
        missing: list[str] = []
        fill_secrets(facts, present, "", kept, missing)
        lines = differences(present or {}, facts)
        data = encoded(facts)
        try:
            with Prompt(self._tty) as prompt:
                prompt.write(self._name + NEW, data)
                report("sent", len(data), len(data))
                verdict = prompt.run(JUDGE + f"print(repr(_judge({self._name + NEW!r})))")
                if verdict:
                    prompt.run(f"import os\nos.remove({self._name + NEW!r})")
                    raise Refusal(str(verdict))
                prompt.rename(self._name + NEW, self._name)
                if prompt.read(self._name) != data:
                    raise Refusal("sha256: the controller reads back other bytes than were sent")
        except NoConnection as problem:
            raise Unreachable(f"{self._before}{problem}") from None
        except TransferRefused as problem:
            raise Refusal(str(problem)) from None
        done = {"changes": lines, "count": len(lines), "safety": [], "kept": kept, "missing": missing}
        return done | {"sha256": digest(to_cbor(redacted(facts)[0])), "confirmed": verdict is not None, "minutes": 0, "judged": verdict is not None}

    def set_settings(self, settings: dict[str, str]) -> list[str]:
        """Refused: only a console has them."""
        if settings:
            raise Refusal("settings: only the console of a running controller takes them")
        return []

    def close(self) -> None:
        """Nothing is open between two steps."""


def role_of(facts: dict[str, Any]) -> str:
    """A compiled site names the role of a secondary only."""
    return str(facts.get("role", "primary"))
