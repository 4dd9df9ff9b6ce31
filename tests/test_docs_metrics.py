"""docs/metrics.md, the dashboard and the alert rules name the figures that there are, and no others."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tcpchat import __version__
from tests.nats_servers import a_name, one_server
from tests.processes import PATIENCE
from tests.test_monitoring import HERE, Watched

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "metrics.md"
DASHBOARD = ROOT / "contrib" / "grafana-dashboard.json"
RULES = ROOT / "contrib" / "prometheus-rules.yml"

# A figure's name, however it is used.
NAME = re.compile(r"\btcpchat_\w+")

# What Grafana puts into an expression, and something that may stand there.
VARIABLES = {"$__rate_interval": "5m", "$instance": ".*"}


@pytest.fixture(scope="module")
def scrape(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield what a node of a cluster says: all that an ordinary server does, and what is of a cluster."""
    store = one_server().store(a_name())
    folder = tmp_path_factory.mktemp("node")
    with Watched(folder, "--store", store, "--node", "a", "--metrics", HERE).ready() as server:
        server.person("anna").types("hello")
        server.ask_until("/healthz", 200, "ok\n")
        yield server.ask("/metrics")[1]
        assert server.terminate() == 0


def series(scrape: str) -> set[str]:
    """Return the names of all series."""
    return {sample.name for family in text_string_to_metric_families(scrape) for sample in family.samples}


def figures(scrape: str) -> set[str]:
    """Return the names by which they are explained: a histogram has one."""
    return {re.sub("_(bucket|sum|count)$", "", name) for name in series(scrape)}


def expressions() -> list[str]:
    """Return all that the dashboard asks Prometheus for."""
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_the_page_explains_each_figure_and_no_other(scrape: str) -> None:
    explained = re.findall(r"^\| `(tcpchat_\w+)` \|", PAGE.read_text(), re.MULTILINE)
    assert len(explained) == len(set(explained))
    assert set(explained) == figures(scrape)


def test_of_a_cluster_the_quorum_is_what_a_line_survives_by(scrape: str) -> None:
    assert 'tcpchat_log_info{durability="quorum",replicas="1",store="nats"} 1.0' in scrape.splitlines()
    assert "tcpchat_cluster_nodes 1.0" in scrape.splitlines()
    assert "tcpchat_cluster_fenced 0.0" in scrape.splitlines()
    (published,) = [line for line in scrape.splitlines() if line.startswith("tcpchat_publish_items_sum")]
    assert float(published.split()[1]) >= 1


def test_the_dashboard_names_figures_that_there_are(scrape: str) -> None:
    named = {name for expression in expressions() for name in NAME.findall(expression)}
    assert len(named) > 20
    assert named <= series(scrape)


def test_the_rules_name_figures_that_there_are(scrape: str) -> None:
    named = set(NAME.findall(RULES.read_text()))
    assert len(named) > 10
    assert named <= series(scrape)


def test_the_dashboard_is_one_that_grafana_loads() -> None:
    """What its JSON model has to have; each panel has a place of its own."""
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text())
    assert dashboard["title"] and dashboard["uid"] and isinstance(dashboard["schemaVersion"], int)
    assert "id" not in dashboard  # Grafana gives it one
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places: set[tuple[int, int]] = set()
    for panel in panels:
        assert panel["type"] in ("stat", "timeseries") and panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        at = panel["gridPos"]
        own = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert at["x"] + at["w"] <= 24 and not own & places, panel["title"]
        places |= own
        references = [target["refId"] for target in panel["targets"]]
        assert references and len(set(references)) == len(references)
    used = {name for text in expressions() for name in re.findall(r"\$(\w+)", text)}
    assert used <= {"__rate_interval", *variables}


def need_promtool() -> str:
    """Return where Prometheus's own tool is; .ci/run installs it."""
    found = shutil.which("promtool")
    assert found, "promtool is not installed: apt-get install prometheus"
    return found


def check_rules(path: Path) -> None:
    """Have Prometheus's own tool look at rules."""
    ended = subprocess.run(
        [need_promtool(), "check", "rules", str(path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "SUCCESS" in ended.stdout


def test_prometheus_takes_the_rules() -> None:
    check_rules(RULES)


def test_prometheus_understands_all_that_the_dashboard_asks(tmp_path: Path) -> None:
    rules = []
    for number, expression in enumerate(expressions()):
        for variable, stands_for_it in VARIABLES.items():
            expression = expression.replace(variable, stands_for_it)
        rules.append({"record": f"dashboard:expression_{number}", "expr": expression})
    path = tmp_path / "rules.yml"  # JSON is YAML
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    check_rules(path)


def test_prometheus_takes_the_configuration_of_the_page(tmp_path: Path) -> None:
    (configuration,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "prometheus.yml").write_text(configuration)
    shutil.copy(RULES, tmp_path / "prometheus-rules.yml")
    ended = subprocess.run(
        [need_promtool(), "check", "config", str(tmp_path / "prometheus.yml")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_promtool_takes_a_real_scrape(scrape: str) -> None:
    """It knows what is bad style in figures, too."""
    ended = subprocess.run(
        [need_promtool(), "check", "metrics"],
        input=scrape,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (ended.returncode, ended.stdout + ended.stderr) == (0, "")


def test_what_top_shows_on_the_page_has_the_rows_that_it_has() -> None:
    (shown,) = re.findall(r"```\n(tcpchat, version .*?)```", PAGE.read_text(), re.DOTALL)
    assert shown.startswith(f"tcpchat, version {__version__} at ")
    source = (ROOT / "tcpchat" / "glance.py").read_text()
    rows = re.findall(r'^            \("?([a-z ]+)",|^        \("([a-z ]+)",', source, re.MULTILINE)
    names = [one or other for one, other in rows]
    assert len(names) == 11
    assert [name for name in names if f"\n  {name} " not in shown] == ["cluster"]
