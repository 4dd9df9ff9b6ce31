"""Handing over directly keeps what every fanout promises."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.fanout.direct import DirectCrowd
from tests.fanout_contract import FanoutContract


class DirectTests(FanoutContract, SynchronousTestCase):
    def make_crowd(self) -> DirectCrowd:
        return DirectCrowd()
