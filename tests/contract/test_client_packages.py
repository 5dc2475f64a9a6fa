"""The clients as packages, as `make clients` builds them."""

import subprocess
import sys
import zipfile
from pathlib import Path

from gateway.local.paths import REPOSITORY

CLIENTS = REPOSITORY / "supabase" / "clients"


def test_the_python_client_is_one_typed_package(tmp_path: Path) -> None:
    build = ["-m", "pip", "--quiet", "--disable-pip-version-check", "wheel", "--no-deps", f"--wheel-dir={tmp_path}"]
    subprocess.run([sys.executable, *build, str(CLIENTS / "python")], check=True, capture_output=True, timeout=300)
    [wheel] = tmp_path.iterdir()
    names = zipfile.ZipFile(wheel).namelist()
    assert "tidegate_client/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"tidegate_client"}
    # A wheel can be imported from as it is.
    code = "import tidegate_client; print(tidegate_client.__file__)"
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, check=True, env={"PYTHONPATH": str(wheel)}, capture_output=True, text=True)
    assert done.stdout.startswith(str(wheel))
