"""
The tests; laws are tried with few examples, and with many when TCPCHAT_FULL is set.

With CI set the examples are the same each time. How long one takes is never a failure: a machine can be
busy. Nothing is kept for the next run: two may be going on at once; what fails is printed to be tried again.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "short",
    max_examples=30,
    deadline=None,
    database=None,
    derandomize=bool(os.environ.get("CI")),
    print_blob=True,
    # The contracts' laws are inherited, and each class tries them.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)
settings.register_profile("full", settings.get_profile("short"), max_examples=500, derandomize=False)
settings.load_profile("full" if os.environ.get("TCPCHAT_FULL") else "short")
