"""Documents whose owner goes on when the medium refuses."""

from ampacity.base.log import Log
from ampacity.store.document_store import AGAIN_MS, DocumentStore, KeptDocuments
from ampacity.store.memory_files import MemoryFiles


def made():
    files, log = MemoryFiles(), Log()
    return files, log, KeptDocuments(DocumentStore(files), log, "not_kept")


def test_a_document_is_written_once_for_each_change():
    files, log, kept = made()
    assert kept.known("latched", []) == []
    kept.keep("latched", [], 0)
    assert files.list() == []
    kept.keep("latched", ["rcm"], 100)
    assert kept.documents.get("latched") == ["rcm"]
    files.remove("latched.set")
    kept.keep("latched", ["rcm"], 200)
    assert files.list() == []
    kept.keep("latched", [], 300)
    assert kept.documents.get("latched") == [] and not log.counters


def test_a_medium_that_refuses_is_asked_again_after_a_while_and_logged_once():
    files, log, kept = made()
    kept.known("latched", [])
    files.bytes_max = 1
    for now_ms in range(1000, 1000 + 3 * AGAIN_MS, 100):
        kept.keep("latched", ["rcm"], now_ms)
    assert log.counters["not_kept"] == 3 and kept.failing == ["latched"] and len(log.since(0)) == 1
    files.bytes_max = None
    kept.keep("latched", ["rcm"], 1000 + 3 * AGAIN_MS)
    assert kept.documents.get("latched") == ["rcm"] and not kept.failing


def test_what_an_earlier_life_kept_is_known():
    files, log, kept = made()
    kept.put("latched", ["rcm"], 0)
    later = KeptDocuments(DocumentStore(files), log, "not_kept")
    assert later.known("latched", []) == ["rcm"]
    later.keep("latched", [], 0)
    assert later.documents.get("latched") == []
