"""One word for one thing: what the console sets and the site file writes has the same name, unit and range."""

from types import SimpleNamespace

from ampacity.console.settings import parse_da, parse_ms
from ampacity.roles.service.primary_console import PLAN_SETTINGS, PrimaryConsole
from ampacity.roles.service.secondary_console import SecondaryConsole
from ampacity.store.document_store import DocumentStore
from ampacity.store.memory_files import MemoryFiles
from ampacity_host.configure.site_file.schema import EVSE, SETTINGS
from ampacity_host.configure.site_file.value_readers import Wrong

FILE_ONLY = {"start_delay_s"}  # what matters at a start only


class Anything:
    """Stands for whatever a console's target is made of."""

    def __getattr__(self, name):
        return 0 if name.endswith(("_da", "_ms")) else Anything()


def rows():
    """(setting, the site file's field) of everything that both have."""
    primary = SimpleNamespace(guard=Anything(), site={"evses": [{"name": "bay-1", "limit_da": 60, "max_da": 160}]}, settings=Anything())
    installer = SimpleNamespace(primary=primary, _wish=lambda index: None)
    for row in PrimaryConsole._rows(installer):
        name = row.key.rpartition(".")[2]
        yield row, (EVSE if "." in row.key else SETTINGS)[name]
    secondary = Anything()
    secondary.documents, secondary.lease = DocumentStore(MemoryFiles()), secondary
    secondary.updates = None
    for row in SecondaryConsole(secondary, None).settings.rows:
        yield row, EVSE[row.key]


def test_every_setting_of_the_file_has_its_own_name_at_the_console():
    assert {row[0] for row in PLAN_SETTINGS} == set(SETTINGS) - FILE_ONLY
    assert sum(1 for _ in rows()) == len(PLAN_SETTINGS) + 1 + 4


def test_file_and_console_accept_the_same_settings_with_the_same_meaning():
    """But for what depends on the device: the console of a unit knows its hardware."""
    for row, field in rows():
        assert row.kind == {"a": "da", "s": "s"}[row.key.rpartition("_")[2]]
        for number in (0, 0.5, 1, 6, 10, 16, 30, 60, 900, 3600, 86400):
            try:
                value = field.read(number)
            except Wrong:
                continue
            typed = (parse_da if row.kind == "da" else parse_ms)(str(number))
            assert typed == (value if value is None or row.key != "slot_s" else value * 1000), (row.key, number)
            assert row.fits(typed) or row.key not in SETTINGS, (row.key, number)


def test_no_two_settings_share_a_name():
    keys = [name for row, _ in rows() for name in (row.key, row.former) if name]
    primary = [name for name in keys if name in SETTINGS or name.startswith("sharing.")]
    assert len(primary) == len(set(primary)) == 2 * len(PLAN_SETTINGS)
