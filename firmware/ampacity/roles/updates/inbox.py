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
AGAIN_MS = 300000
MODE, SIZE, TIME = 0, 6, 8  # in what stat gives
KIND, FILE = 0xF000, 0x8000


class Inbox:
    """folder: it may be missing. A file is offered once for each start of the controller, and again when its size or time changes, or some
    minutes after it could not be read.

    Only files count: no folder, and no symbolic link where the platform can tell.
    """

    def __init__(self, folder: str, delivery: "Delivery", log: "Log") -> None:
        self._folder = folder
        self._delivery = delivery
        self._log = log
        self._offered: "dict[str, tuple[int, int, int]]" = {}  # name → size, time, and when it may be offered again: 0 never
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
                before = self._offered.get(name)
                if found[MODE] & KIND != FILE or before is not None and before[:2] == (size, found[TIME]) and not 0 < before[2] <= now_ms:
                    continue
                self._delivery.begin(SOURCE, size, newer_only=True)
                self._offered[name] = (size, found[TIME], 0)
                self._name = name
                self._log.add("info", "update: %s from the folder %s" % (name, self._folder), now_ms)
                return
            except (OSError, Rejected):  # taken out, or a slot is on trial: another time
                continue

    def feed(self, now_ms: int) -> None:
        """The next part of the file. What cannot be read ends the delivery; it is offered again in some minutes, or once its stick was out."""
        delivery, why = self._delivery, "it has become shorter"
        try:
            with open(self._folder + "/" + self._name, "rb") as file:
                file.seek(delivery.offset)
                data = file.read(PART_BYTES)
        except OSError as error:
            data, why = b"", str(error)
        if data:
            try:
                delivery.write(delivery.offset, data)
            except (Rejected, OSError):
                pass  # it is in `error`
        else:
            delivery.abort()
            self._log.add("warning", "update: %s cannot be read: %s" % (self._name, why), now_ms)
            try:
                os.stat(self._folder + "/" + self._name)
                self._offered[self._name] = self._offered[self._name][:2] + (now_ms + AGAIN_MS,)
            except OSError:
                del self._offered[self._name]

    def _names(self) -> "list[str]":
        """A key list is taken before the bundles."""
        try:
            found = sorted([name for name in os.listdir(self._folder) if name.endswith(BUNDLE) and name[0] != "."])
            return ([KEYS] if KEYS in os.listdir(self._folder) else []) + found
        except OSError:
            return []
