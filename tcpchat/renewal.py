"""Certificates that are read anew when their files have changed, or when the operator says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from tcpchat.certificates import Certificates, Outcome

# Seconds from one look at the files to the next: what has changed is read at the second one.
LOOK_EVERY = 2.0


class Renewal:
    """Looks after the certificates of all doors."""

    logger = Logger()

    def __init__(self, clock: Any, certificates: Iterable[Certificates]) -> None:
        self._certificates = list(certificates)
        self._looking = LoopingCall(self._look)
        self._looking.clock = clock

    def start(self) -> None:
        """Begin to look; tell what the operator should know of what there is."""
        for each in self._certificates:
            self._warn(each)
        if self._certificates:
            self._looking.start(LOOK_EVERY, now=False)

    def change(self, certificates: Iterable[Certificates]) -> None:
        """Look after others; of those that are new, tell what the operator should know."""
        before, self._certificates = self._certificates, list(certificates)
        for each in self._certificates:
            if each not in before:
                self._warn(each)
        if not self._certificates:
            self.stop()
        elif not self._looking.running:
            self._looking.start(LOOK_EVERY, now=False)

    def stop(self) -> None:
        """Look no more."""
        if self._looking.running:
            self._looking.stop()

    def reload(self) -> list[Outcome]:
        """Read all anew, and return what became of each door's."""
        outcomes = []
        for each in self._certificates:
            outcome = each.reload()
            self._tell(each, outcome)
            outcomes.append(outcome)
        return outcomes

    def _look(self) -> None:
        for each in self._certificates:
            outcome = each.look()
            if outcome is not None:
                self._tell(each, outcome)

    def _tell(self, certificates: Certificates, outcome: Outcome) -> None:
        if outcome.is_refused:
            self.logger.error("{text}", text=outcome.text)
        else:
            self.logger.info("{text}", text=outcome.text)
            self._warn(certificates)

    def _warn(self, certificates: Certificates) -> None:
        for warning in certificates.warnings:
            self.logger.warn("{text}", text=warning)
