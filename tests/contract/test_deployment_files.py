"""The files in docs/deploy against the settings, the metrics and the Containerfile that they speak of."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.config.settings import Settings
from gateway.local.paths import REPOSITORY
from gateway.resilience.metrics import exposition

FOLDER = REPOSITORY / "docs" / "deploy"
KUBERNETES = FOLDER / "kubernetes"
PRODUCTION = Settings(environment="production")
STOPS_WITHIN_S = {"gateway": PRODUCTION.drain_s + PRODUCTION.shutdown_grace_s, "worker": 9.0}


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    (document,) = documents(FOLDER / "compose.yaml")
    return document


@pytest.fixture(scope="module")
def manifests() -> dict[tuple[str, str], dict[str, Any]]:
    (kustomization,) = documents(KUBERNETES / "kustomization.yaml")
    files = {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == files
    every = [document for file in files for document in documents(KUBERNETES / file)]
    return {(each["kind"], each["metadata"]["name"]): each for each in every}


def container(manifests: dict[tuple[str, str], dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = manifests["Deployment", name]["spec"]["template"]["spec"]["containers"]
    assert found["name"] == name
    return dict(found)


def test_every_variable_is_a_setting(compose: dict[str, Any], manifests: dict[tuple[str, str], dict[str, Any]]) -> None:
    def named() -> Iterator[str]:
        yield from manifests["ConfigMap", "tidegate"]["data"]
        for process in ("gateway", "worker"):
            yield from compose["services"][process]["environment"]
            yield from (variable["name"] for variable in container(manifests, process)["env"])

    assert {name for name in named() if name.lower() not in Settings.model_fields} == set()


@pytest.mark.parametrize("process", ["gateway", "worker"])
def test_nothing_kills_a_process_that_still_stops(
    compose: dict[str, Any], manifests: dict[tuple[str, str], dict[str, Any]], process: str
) -> None:
    unit = (FOLDER / "systemd" / f"tidegate-{process}.service").read_text(encoding="utf-8")
    given = [
        manifests["Deployment", process]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"],
        float(compose["services"][process]["stop_grace_period"].removesuffix("s")),
        float(re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)[0]),
    ]
    assert [seconds for seconds in given if seconds <= STOPS_WITHIN_S[process]] == []


@pytest.mark.parametrize("process", ["gateway", "worker"])
def test_processes_have_no_rights_on_their_host(
    compose: dict[str, Any], manifests: dict[tuple[str, str], dict[str, Any]], process: str
) -> None:
    service, found = compose["services"][process], container(manifests, process)
    assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], ["/tmp"])
    context = found["securityContext"]
    assert (context["readOnlyRootFilesystem"], context["allowPrivilegeEscalation"]) == (True, False)
    assert context["capabilities"] == {"drop": ["ALL"]}
    pod = manifests["Deployment", process]["spec"]["template"]["spec"]
    containerfile = (REPOSITORY / "Containerfile").read_text(encoding="utf-8")
    user = f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}"
    assert f"\nUSER {user}\n" in containerfile
    # Programs that the wheel has.
    assert found["args"] == service.get("command", ["tidegate-gateway"]) == [f"tidegate-{process}"]


def test_the_autoscaler_goes_by_a_metric_that_there_is(manifests: dict[tuple[str, str], dict[str, Any]]) -> None:
    (metric,) = manifests["HorizontalPodAutoscaler", "gateway"]["spec"]["metrics"]
    assert f"# TYPE {metric['pods']['metric']['name']} gauge" in str(exposition("")[0])
    # Half of what a gateway lets in at a time.
    assert 2 * int(metric["pods"]["target"]["averageValue"]) == PRODUCTION.policies.database.concurrency


def test_compose_mounts_files_that_are_there_or_that_the_page_has_made(compose: dict[str, Any]) -> None:
    page = (REPOSITORY / "docs" / "containers.md").read_text(encoding="utf-8")
    sources = [
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
        if volume.startswith(".")
    ]
    assert [each for each in sources if not (FOLDER / each).is_file() and Path(each).name not in page] == []
