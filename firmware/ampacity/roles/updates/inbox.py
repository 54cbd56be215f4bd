"""Bundles in a folder: of a USB stick that is mounted there, or copied by hand. Only what is newer than what runs is taken."""

import os

from ampacity.base.errors import Rejected
from ampacity.roles.updates.found import BUNDLE, KEYS

if False:  # for the type checker
    from typing import Any

    from ampacity.base.log import Log
    from ampacity.update.delivery import Delivery

SOURCE = "folder"
LOOK_MS = 10000
PART_BYTES = 4096
MODE, SIZE = 0, 6  # in what stat gives
KIND, FILE = 0xF000, 0x8000


class Inbox:
    """folder: it may be missing. A file is offered once for each start of the controller, and again when its size changes.

    Only files count: no folder, and no symbolic link where the platform can tell.
    """

    def __init__(self, folder: str, delivery: "Delivery", log: "Log") -> None:
        self._folder = folder
        self._delivery = delivery
        self._log = log
        self._offered: "set[tuple[str, int]]" = set()
        self._name = ""
        self._due_ms = 0

    def delivers(self) -> bool:
        """Is a file of the folder on its way?"""
        return bool(self._name) and self._delivery.busy() and self._delivery.source == SOURCE

    def look(self, now_ms: int) -> None:
        """Each 10 s: is there a file that was not offered?"""
        if now_ms < self._due_ms or self._delivery.busy():
            return
        self._due_ms = now_ms + LOOK_MS
        for name in self._names():
            try:
                found: "Any" = getattr(os, "lstat", os.stat)(self._folder + "/" + name)
                size: int = found[SIZE]
                if found[MODE] & KIND != FILE or (name, size) in self._offered:
                    continue
                self._delivery.begin(SOURCE, size, newer_only=True)
                self._offered.add((name, size))
                self._name = name
                self._log.add("info", "update: %s from the folder %s" % (name, self._folder), now_ms)
                return
            except (OSError, Rejected):  # taken out, or a slot is on trial: another time
                continue

    def feed(self) -> None:
        """The next part of the file. What cannot be read ends the delivery; it is offered again if the stick was taken out."""
        delivery = self._delivery
        try:
            with open(self._folder + "/" + self._name, "rb") as file:
                file.seek(delivery.offset)
                data = file.read(PART_BYTES)
        except OSError:
            data = b""
        if data:
            try:
                delivery.write(delivery.offset, data)
            except (Rejected, OSError):
                pass  # it is in `error`
        else:
            delivery.abort()
            try:
                os.stat(self._folder + "/" + self._name)
            except OSError:
                self._offered = {each for each in self._offered if each[0] != self._name}

    def _names(self) -> "list[str]":
        """A key list is taken before the bundles."""
        try:
            found = sorted([name for name in os.listdir(self._folder) if name.endswith(BUNDLE) and name[0] != "."])
            return ([KEYS] if KEYS in os.listdir(self._folder) else []) + found
        except OSError:
            return []
