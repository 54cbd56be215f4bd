"""A configuration as a signed bundle, and what a start does with the trial of one."""

from ampacity.roles.configuration.site_trial import BY_BUNDLE, SITE, SiteTrial, digest
from ampacity.roles.storage.document_shapes import secondary_shape
from ampacity.store.document_store import DocumentStore
from ampacity.update.cbor import encode
from update.helper_bundle import INSTALLER, bundle


def signed(facts, sequence=2, changes=None, signer=INSTALLER, name="configuration.cbor"):
    """A bundle of kind configuration for SN-1."""
    fields = {3: 2, 5: "%d.0" % sequence, 6: sequence, 7: sequence - 1, 9: ["SN-1"]}
    fields.update(changes or {})
    return bundle([(name, encode(facts, simple=True))], fields, signer)


def brought(store, folder):
    """As if a bundle had brought what is in force: the next one waits for no person."""
    store.replace(BY_BUNDLE, digest(folder.read(SITE)).encode())


def settle(store, folder):
    """What roles/boot.py does before it reads site.json."""
    documents = DocumentStore(store)
    documents.declare(secondary_shape, lambda name, why: None)
    SiteTrial(documents, store, folder).start()
