"""
The tests in groups that can run side by side: ``python -m tests.groups`` prints the files of each in a line.

Most of them mostly wait: for clients, for servers that were killed, for a cluster to find a leader. The
longest is first. The modules of rules have been tried whole by then, each by its own tests (`tests.covered`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.covered import rules

HERE = Path(__file__).parent

FAULTS = "tests/faults"

# In the names of those that start NATS servers, or nodes.
OF_A_CLUSTER = "nats", "cluster", "nodes", "neighbours", "worker"

OF_THE_CLIENT = "test_client", "test_other_servers"

# The rest in two halves, by the first letter of what they are about.
HALF = "m"


def groups(files: Iterable[str]) -> list[list[str]]:
    """Return files of tests in groups: each of them once, but for those of the rules."""
    of_rules = {f"test_{module.replace('.', '_')}.py" for module in rules()}
    cluster: list[str] = []
    client: list[str] = []
    first: list[str] = []
    second: list[str] = []
    for name in sorted(set(files) - of_rules):
        if name.startswith(OF_THE_CLIENT):
            group = client
        elif any(word in name for word in OF_A_CLUSTER):
            group = cluster
        else:
            group = first if name.removeprefix("test_") < HALF else second
        group.append(f"tests/{name}")
    return [[FAULTS], client, cluster, first, second]


def main() -> None:
    """Print them."""
    for group in groups(path.name for path in HERE.glob("test_*.py")):
        print(*group)


if __name__ == "__main__":
    main()
