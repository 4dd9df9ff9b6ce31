"""The tests; laws are tried with few examples, and with many when TCPCHAT_FULL is set."""

import os

from hypothesis import settings

settings.register_profile("short", max_examples=30, deadline=None)
settings.register_profile("full", max_examples=500, deadline=None)
settings.load_profile("full" if os.environ.get("TCPCHAT_FULL") else "short")
