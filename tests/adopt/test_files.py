"""What is written beside an application: nothing twice, removed exactly, and nothing of the application touched."""

from pathlib import Path

import pytest

from gateway.adopt.application import Entry
from gateway.adopt.bundle import INSTRUMENTATIONS, REQUIREMENTS, SERVERS, python_files
from gateway.adopt.containerfile import containerfile
from gateway.adopt.errors import AdoptError
from gateway.adopt.facts import Facts
from gateway.adopt.manifest import undo, write
from gateway.local.paths import REPOSITORY
from tests.adopt.support import adopt, contents, written

MAIN = "from fastapi import FastAPI\napp = FastAPI()\n"


def test_an_application_is_written_once_and_undone(tmp_path: Path) -> None:
    application = written(tmp_path / "items", {"main.py": MAIN, "requirements.txt": "fastapi\n"})
    before = contents(application)
    assert "written: Containerfile" in adopt(application, "--write").stdout
    after = contents(application)
    assert {path: after[path] for path in before} == before
    assert "nothing was written" in adopt(application, "--write").stdout
    assert contents(application) == after

    assert adopt(application, "--undo").returncode == 0
    assert contents(application) == before
    assert not (application / "tidegate").exists()


def test_a_file_that_was_changed_since_stays(tmp_path: Path) -> None:
    write(tmp_path, {"Containerfile": "FROM one\n", "tidegate/report.md": "one\n"})
    (tmp_path / "Containerfile").write_text("FROM mine\n", encoding="utf-8")
    again = write(tmp_path, {"Containerfile": "FROM two\n", "tidegate/report.md": "two\n"})
    assert (again.added, again.kept) == (("tidegate/report.md",), ("Containerfile",))
    assert undo(tmp_path).kept == ("Containerfile",)
    assert (tmp_path / "Containerfile").read_text(encoding="utf-8") == "FROM mine\n"
    assert not (tmp_path / "tidegate").exists()


def test_a_file_of_the_application_is_never_overwritten(tmp_path: Path) -> None:
    written(tmp_path, {"tidegate/report.md": "mine\n"})
    with pytest.raises(AdoptError, match=r"tidegate/report\.md is there already"):
        write(tmp_path, {"Containerfile": "FROM one\n", "tidegate/report.md": "one\n"})
    assert contents(tmp_path).keys() == {"tidegate/report.md"}


def test_a_manifest_that_names_files_elsewhere_removes_nothing(tmp_path: Path) -> None:
    written(tmp_path, {"precious": "text", "app/tidegate/manifest.json": '{"../precious": "0"}'})
    with pytest.raises(AdoptError, match="outside the application"):
        undo(tmp_path / "app")
    assert (tmp_path / "precious").exists()


def test_there_is_nothing_to_undo_where_nothing_was_written(tmp_path: Path) -> None:
    refused = adopt(tmp_path, "--undo")
    assert refused.returncode == 1
    assert "nothing to undo" in refused.stderr


def test_what_is_injected_names_nothing_of_the_gateway() -> None:
    for path, text in python_files().items():
        assert "from gateway" not in text, path
        assert "import gateway" not in text, path
        compile(text, path, "exec")


def test_an_application_gets_the_versions_that_are_tested() -> None:
    lock = (REPOSITORY / "requirements-adopt.lock").read_text(encoding="utf-8")
    pinned = {
        **REQUIREMENTS,
        **SERVERS["wsgi"],
        **SERVERS["asgi"],
        "opentelemetry-instrumentation-flask": INSTRUMENTATIONS,
    }
    assert [name for name, version in pinned.items() if f"\n{name}=={version} " not in f"\n{lock}"] == []


def test_observability_of_its_own_stays_in_charge() -> None:
    entry = Entry("Flask", "wsgi", "app:app", ".", observed_by=("opentelemetry", "sentry"), runtime="3.11.7")
    text = containerfile(entry, Facts("", is_package=False, version="3.11", port=8000, variables=(), is_built=False))
    assert "TIDEGATE_TRACES=off TIDEGATE_REPORTS=off" in text
