"""The clients as packages: what `make clients` builds can be used as it is."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import deno
import pytest

from gateway.local.paths import REPOSITORY


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages."""
    folder = tmp_path_factory.mktemp("packages")
    build = ["make", "--silent", "clients", f"CLIENTS={folder}"]
    done = subprocess.run(build, cwd=REPOSITORY, check=False, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_python_client_is_one_typed_package(packages: Path) -> None:
    [wheel] = packages.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "tidegate_client/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"tidegate_client"}
    # A wheel can be imported from as it is.
    code = "import tidegate_client; print(tidegate_client.__file__)"
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, check=True, env={"PYTHONPATH": str(wheel)}, capture_output=True, text=True)
    assert done.stdout.startswith(str(wheel))


def test_the_typescript_client_is_javascript_with_types(packages: Path, tmp_path: Path) -> None:
    [archive] = packages.glob("*.tgz")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    program = tmp_path / "program.ts"
    program.write_text(
        'import { type SearchResponse, Tidegate } from "@tidegate/client";\n'
        'import type { Database } from "@tidegate/client/database";\n'
        'const gateway = new Tidegate("http://127.0.0.1:1");\n'
        "export const find = (query: string): Promise<SearchResponse> => gateway.search(query, { limit: 1 });\n"
        'export type Order = Database["public"]["Functions"]["place_order"]["Returns"];\n'
        "console.log(typeof gateway.streamAnswer);\n",
        encoding="utf-8",
    )
    target = tmp_path / "node_modules" / "@tidegate" / "client"
    target.parent.mkdir(parents=True)
    (tmp_path / "package").rename(target)
    (tmp_path / "package.json").write_text('{"dependencies": {"@tidegate/client": "0.1.0"}}', encoding="utf-8")
    command = [deno.find_deno_bin(), "run", "--check", "--quiet", "--node-modules-dir=manual", str(program)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "function\n"), done.stderr
