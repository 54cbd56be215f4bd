"""The commands `ampacity bundle …`. Each returns its exit code: 0 done, 1 refused, 2 wrong usage."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ampacity_host.failure import failed
from ampacity_host.update.application import check_application
from ampacity_host.update.bundle import Device, Manifest, contents, files_of, listed, pack, read_manifest, split, verify
from ampacity_host.update.cose import KEYS_TYPE, key_id, opened
from ampacity_host.update.key_folder import ROOTS, SIGNING, KeyFolder
from ampacity_host.update.key_list import Key, KeyList, read_list
from ampacity_host.update.refused import Refused

OK, REFUSED, USAGE = 0, 1, 2
APPLICATION = "application"
COSE_FIRST = b"\xd2"  # a key list begins so, a bundle does not


def answered(work: Callable[[], tuple[dict[str, Any], str]], as_json: bool) -> int:
    """Prints what `work` gives: facts for --json, text for people. A refusal is one JSON object, or one line on standard error."""
    try:
        facts, text = work()
    except Refused as problem:
        if as_json:
            print(json.dumps({"ok": False, "field": problem.field, "error": str(problem)}))
            return REFUSED
        return failed(problem, REFUSED)
    except OSError as problem:
        return failed(f"{problem.filename}: {problem.strerror}", USAGE)
    print(json.dumps({"ok": True} | facts) if as_json else text)
    return OK


def key_new_command(name: str, is_root: bool, kinds: list[str], folder: Path, signed_by: str | None, as_json: bool) -> int:
    """Makes a key pair; a signing key also gets into a new list."""

    def work() -> tuple[dict[str, Any], str]:
        keys = KeyFolder(folder)
        if is_root:
            kid = key_id(keys.new_root(name)).hex()
            return {"name": name, "kid": kid, "root": True}, f"root key {name} {kid}: its public part belongs into each controller at manufacture"
        made = keys.new_key(name, kinds, signed_by)
        kid = made.keys[-1].kid.hex()
        return {"name": name, "kid": kid, "root": False, "counter": made.counter}, f"key {name} {kid}, in the list with counter {made.counter}"

    return answered(work, as_json)


def key_list_command(folder: Path, as_json: bool) -> int:
    """Lists all keys of a folder; private parts are never shown."""

    def work() -> tuple[dict[str, Any], str]:
        keys = KeyFolder(folder)
        found = keys.keys()
        roots = [
            {"name": name, "kid": key_id(public).hex(), "public": public.hex(), "private": keys.holds_private(ROOTS, name),
             "revoked": key_id(public) in found.revoked}
            for name, public in keys.roots().items()
        ]  # fmt: skip
        signing = [key_facts(key) | {"private": keys.holds_private(SIGNING, key.name)} for key in found.keys]
        facts = {"counter": found.counter, "roots": roots, "keys": signing, "revoked": [kid.hex() for kid in found.revoked]}
        lines = [f"root     {each['kid']}  {each['name']}{'  revoked' if each['revoked'] else ''}" for each in roots]
        return facts, "\n".join([*lines, *shown_list(found)])

    return answered(work, as_json)


def key_revoke_command(key: str, folder: Path, signed_by: str | None, as_json: bool) -> int:
    """Revokes a key permanently, by a new list."""

    def work() -> tuple[dict[str, Any], str]:
        made = KeyFolder(folder).revoke(key, signed_by)
        facts = {"counter": made.counter, "revoked": [kid.hex() for kid in made.revoked]}
        return facts, f"{key} is revoked in the list with counter {made.counter}: send {folder / 'keys.cose'} to every controller"

    return answered(work, as_json)


def sign_command(source: Path, out: Path, key: str, folder: Path, fields: dict[str, Any], as_json: bool) -> int:
    """Makes a signed bundle of all files below `source`. fields: those of the manifest but for `files`."""

    def work() -> tuple[dict[str, Any], str]:
        if not source.is_dir():
            raise Refused("folder", f"there is no folder {source}")
        keys = KeyFolder(folder)
        files = files_of(source)
        manifest = Manifest(files=listed(files), **fields)
        if manifest.kind == APPLICATION:
            check_application(dict(files), manifest.boards)
        data = pack(manifest, files, keys.signing_key(key))
        verify(data, keys.keys(), Device())
        out.write_bytes(data)
        return {"out": str(out), "bytes": len(data)} | manifest.shown(), f"{out}: {len(data)} bytes, {len(files)} files, signed by {key}"

    return answered(work, as_json)


def verify_command(file: Path, folder: Path, device: Device, as_json: bool) -> int:
    """Verifies a bundle, or a key list, against the keys of a folder."""

    def work() -> tuple[dict[str, Any], str]:
        keys = KeyFolder(folder).keys()
        data = file.read_bytes()
        manifest = verify(data, keys, device)
        if manifest.kind == APPLICATION:
            check_application(contents(data, manifest), manifest.boards)
        return manifest.shown(), "\n".join([f"{file}: signature and content are right", *shown_manifest(manifest)])

    return answered(work, as_json)


def show_command(file: Path, as_json: bool) -> int:
    """Shows what a bundle or a key list says, without checking its signature."""

    def work() -> tuple[dict[str, Any], str]:
        data = file.read_bytes()
        if data[:1] == COSE_FIRST:
            message = opened(data, KEYS_TYPE, "key list")
            found = read_list(message.payload)
            facts = {"signed_by": message.kid.hex(), "counter": found.counter, "keys": [key_facts(key) for key in found.keys]}
            facts["revoked"] = [kid.hex() for kid in found.revoked]
            return facts, "\n".join([f"key list, signed by root key {message.kid.hex()} (not checked)", *shown_list(found)])
        message, _ = split(data)
        manifest = read_manifest(message.payload)
        lines = [f"bundle, signed by key {message.kid.hex()} (not checked)", *shown_manifest(manifest)]
        return {"signed_by": message.kid.hex()} | manifest.shown(), "\n".join(lines)

    return answered(work, as_json)


def key_facts(key: Key) -> dict[str, Any]:
    """A signing key as JSON has it."""
    return {"name": key.name, "kid": key.kid.hex(), "public": key.public.hex(), "kinds": key.kind_names}


def shown_list(keys: KeyList) -> list[str]:
    """Lines for people."""
    lines = [f"counter  {keys.counter}"]
    lines += [f"key      {key.kid.hex()}  {key.name}: {', '.join(key.kind_names)}" for key in keys.keys]
    return lines + [f"revoked  {kid.hex()}" for kid in keys.revoked]


def shown_manifest(manifest: Manifest) -> list[str]:
    """Lines for people."""
    rows = {
        "product": manifest.product, "kind": manifest.kind, "boards": ", ".join(manifest.boards), "version": manifest.version,
        "sequence": f"{manifest.sequence}, floor {manifest.floor}", "for": ", ".join(manifest.controllers) or "every controller",
        "files": f"{len(manifest.files)}, {manifest.size} bytes",
    }  # fmt: skip
    return [f"{name:9}{value}" for name, value in rows.items()] + [f"  {size:>9}  {path}" for path, size, _ in manifest.files]
