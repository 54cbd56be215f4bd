"""`ampacity report excursions`: what a controller saw flow above its ratings, from the journal in its data folder."""

import json
from datetime import UTC, datetime
from pathlib import Path

from ampacity.base.document_shape import check_shape
from ampacity.circuit.excursions import words
from ampacity.roles.optional.excursion_log import JOURNAL, JOURNAL_BYTES, RECORD
from ampacity.store.disk_files import DiskFiles
from ampacity.store.journal import Journal
from ampacity_host.failure import failed


class NoData(Exception):
    """The folder is no controller's data folder; the text says which was looked at."""


def read_excursions(folder):
    """The records of a controller's data folder, oldest first; damaged ones are left out. Raises NoData."""
    store = Path(folder) / "store"
    if not store.is_dir():
        raise NoData(f"{folder} is no data folder: it has no {store.name}/")
    journal = Journal(DiskFiles(str(store)), JOURNAL, size_max=JOURNAL_BYTES, oldest_goes=True)
    records = []
    for _seq, data in journal.records():
        try:
            record = json.loads(data)
            check_shape(record, RECORD)
        except ValueError:
            continue
        records.append(record)
    return records


def line(record):
    """One record with its date, where the controller knew it."""
    at_ms = record.get("unix_ms")
    when = "time unknown" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{when}  {words(record)}"


def summary(records):
    """What all of it comes to, as one line."""
    tripped = sum(record["would_trip"] for record in records)
    over_as = sum(record["over_das"] for record in records) / 10
    if not records:
        return "no excursion above a rating"
    return f"{len(records)} excursions, {over_as:.1f} As above the ratings, {tripped} that a breaker may not have held"


def report_command(folder, as_json=False):
    """Print the report; the exit status: 0 read, 1 some breaker may not have held, 3 no such data folder."""
    try:
        records = read_excursions(folder)
    except NoData as error:
        return failed(error, 3)
    if as_json:
        print(json.dumps({"excursions": records}))
    else:
        for record in records:
            print(line(record))
        print(summary(records))
    return int(any(record["would_trip"] for record in records))
