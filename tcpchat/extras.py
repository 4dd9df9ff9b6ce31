"""What is installed only where it is asked for: ``pip install 'tcpchat[cluster]'``."""

from __future__ import annotations

from importlib.util import find_spec

NO_CLUSTER = "A store in a cluster needs nats-py, which is not installed: pip install 'tcpchat[cluster]'"


def has_cluster() -> bool:
    """Is there what a store in a cluster needs?"""
    return find_spec("nats") is not None
