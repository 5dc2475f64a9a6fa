"""What is in the image, and gateway and worker run from it: `make test-image`."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from gateway.embeddings.assets import CHECKSUMS
from tests.support.image import NAME, Container, buildah
from tests.support.stack import Process, Stack
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(NAME is None, reason="TEST_IMAGE names no image: make test-image")
MOST_BYTES = 400_000_000
NOT_THERE = ("cc", "gcc", "c++", "ld", "as", "make", "pip", "apt-get", "dpkg-deb", "perl", "curl", "wget", "git")


@pytest.fixture(scope="module")
def container() -> Iterator[Container]:
    made = Container(str(NAME))
    yield made
    made.remove()


def test_it_is_small(container: Container) -> None:
    files = subprocess.run(["du", "-sb", container.root], check=True, capture_output=True, text=True).stdout
    size = int(files.split()[0])
    print(f"The image holds {size / 1e6:.0f} MB.")
    assert size < MOST_BYTES


def test_its_user_can_write_to_tmp_alone(container: Container) -> None:
    """So that the root file system may be read-only."""
    find = "id -u; find / -xdev -writable ! -type l ! -path '/proc/*' ! -path '/sys/*' ! -path '/dev/*' 2>/dev/null"
    user, *writable = container.run("sh", "-c", find).stdout.split()
    assert user == "10001"
    assert {path for path in writable if Path(path).parts[:2] != ("/", "tmp")} <= {"/var/tmp", "/run/lock", "/var/lock"}


def test_it_brings_neither_compiler_nor_package_manager(container: Container) -> None:
    found = container.run("sh", "-c", f"for each in {' '.join(NOT_THERE)}; do command -v $each; done; true").stdout
    assert "dpkg-deb" not in found or found.split() == ["/usr/bin/dpkg-deb"]
    assert [name for name in found.split() if not name.endswith("dpkg-deb")] == []


def test_it_says_what_it_is_and_what_it_holds(container: Container) -> None:
    image = json.loads(buildah("inspect", "--type", "image", str(NAME)))
    config = image["Docker"]["config"]
    assert config["User"] == "10001:10001"
    assert config["Cmd"] == ["tidegate-gateway"]
    assert "/health/live" in config["Healthcheck"]["Test"][-1]
    labels = config["Labels"]
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert len(labels["org.opencontainers.image.revision"]) == 40
    listed = json.loads(container.run("cat", "/app/sbom.cdx.json").stdout)
    assert listed["bomFormat"] == "CycloneDX"
    code = (
        "import json, importlib.metadata as m; print(json.dumps(sorted({d.name.lower() for d in m.distributions()})))"
    )
    installed = json.loads(container.run("python3", "-c", code).stdout)
    assert {each["name"].lower() for each in listed["components"]} | {"tidegate"} == set(installed)
    assert "fastapi" in installed


def test_the_model_is_inside(container: Container) -> None:
    code = "from gateway.embeddings.assets import CHECKSUMS, locate; print(*(locate(name).name for name in CHECKSUMS))"
    assert container.run("python3", "-c", code).stdout.split() == [Path(name).name for name in CHECKSUMS]


def test_production_is_its_default(container: Container) -> None:
    refused = container.run("tidegate-gateway", "--check", GATEWAY_DATABASE_URL="postgresql://u:short@db/x")
    assert refused.returncode != 0
    assert "fewer than 16 characters" in refused.stderr
    assert "does not demand TLS" in refused.stderr


def test_gateway_and_worker_run_from_it(container: Container, stack: Stack, api: Process, logs: Path) -> None:
    services = [container.service(stack.gateway_service()), container.service(stack.worker_service())]
    started = time.perf_counter()
    processes = [Process(service, logs / f"image-{service.name}.log") for service in services]
    try:
        processes[0].wait_ready()
        print(f"The gateway was ready after {time.perf_counter() - started:.1f} s.")
        wait_until(lambda: "at work with" in processes[1].output(), "the worker being at work")
        found = httpx2.post(f"{stack.gateway_url}/v1/search", json={"query": "storm"}, timeout=60, trust_env=False)
        assert (found.status_code, found.json()["results"]) == (200, [])
        live = httpx2.get(f"{stack.gateway_url}/health/live", timeout=60, trust_env=False)
        assert live.status_code == 200
    finally:
        assert [container.stop(process) for process in processes] == [0, 0]
