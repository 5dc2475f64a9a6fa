"""Alert rules, dashboard and configurations of docs/observability: valid, tested, and about metrics that exist."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gateway.local.paths import REPOSITORY
from gateway.resilience.metrics import REGISTRY
from tests.chaos.faults import all_faults
from tests.chaos.watching import EXPECTED
from tests.support.documentation import anchors
from tests.support.prometheus import FOLDER, RULES, configuration, has_prometheus

needs_promtool = pytest.mark.skipif(not has_prometheus(), reason="Prometheus is not installed")
GROUPS = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
ALERTS = {rule["alert"]: rule for group in GROUPS for rule in group["rules"] if "alert" in rule}
RECORDED = {rule["record"] for group in GROUPS for rule in group["rules"] if "record" in rule}


def promtool(*arguments: str) -> str:
    run = subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=180, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@needs_promtool
def test_the_rules_are_valid_and_pass_their_tests(tmp_path: Path) -> None:
    assert f"{len(ALERTS) + len(RECORDED)} rules found" in promtool("check", "rules", "alerts.yml")
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml")
    promtool("check", "config", "prometheus.yml")
    (tmp_path / "prometheus.yml").write_text(configuration({"tidegate-gateway": "127.0.0.1:1"}), encoding="utf-8")
    promtool("check", "config", str(tmp_path / "prometheus.yml"))


@needs_promtool
def test_the_tests_of_the_rules_notice_an_alert_that_does_not_fire(tmp_path: Path) -> None:
    silent = re.compile(r"(- alert: \w+\n +)(?:#[^\n]*\n +)*expr: .*?\n( +)(for|labels):", re.DOTALL)
    rules, replaced = silent.subn(r"\1expr: vector(1) < 0\n\2\3:", RULES.read_text(encoding="utf-8"))
    assert replaced == len(ALERTS)
    (tmp_path / "alerts.yml").write_text(rules, encoding="utf-8")
    shutil.copy(FOLDER / "alerts_test.yml", tmp_path)
    command = ["promtool", "test", "rules", "alerts_test.yml"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False)
    assert run.returncode != 0
    assert {name for name in ALERTS if f'alertname="{name}"' in run.stdout + run.stderr} == set(ALERTS)


def test_every_metric_of_rules_and_dashboard_exists() -> None:
    existing = {sample.name for metric in REGISTRY.collect() for sample in metric.samples}
    existing |= {
        f"{metric.name}_total" if metric.type == "counter" else metric.name for metric in REGISTRY.collect()
    } | {f"{metric.name}_bucket" for metric in REGISTRY.collect() if metric.type == "histogram"}
    named = {
        name
        for file in ("alerts.yml", "alerts_test.yml", "dashboard.json")
        for name in re.findall(r"\btidegate_\w+", (FOLDER / file).read_text(encoding="utf-8"))
    }
    assert named - existing == set()
    recorded = re.findall(r"\btidegate:[\w:]+", (FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    assert set(recorded) <= RECORDED


def test_the_pipelines_of_the_collector_use_all_parts_and_no_other() -> None:
    collector = yaml.safe_load((FOLDER / "collector.yml").read_text(encoding="utf-8"))
    pipelines = collector["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        assert set(collector[kind]) == {name for pipeline in pipelines for name in pipeline[kind]}


def test_every_alert_has_a_runbook() -> None:
    for name, rule in ALERTS.items():
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert anchor in anchors(REPOSITORY / page), name


def test_every_fault_of_chaos_has_an_alert() -> None:
    assert set(EXPECTED) == {fault.name for fault in all_faults()}
    assert set(EXPECTED.values()) <= set(ALERTS)


def test_the_dashboard_is_current() -> None:
    assert (FOLDER / "dashboard.json").read_text(encoding="utf-8") == next(_pages()), "run make docs"


def _pages() -> Iterator[str]:
    spec = importlib.util.spec_from_file_location("dashboard", REPOSITORY / "docs" / "scripts" / "dashboard.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module.page()
