"""Applications that cannot be adopted, or not without a word: one sentence or one question, and nothing is written."""

from pathlib import Path

import pytest

from tests.adopt.support import PYTHON, adopt, written


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (
            {"app.py": "import os\nfrom fastapi import FastAPI\nKEY = os.environ['API_KEY']\napp = FastAPI()\n"},
            "app.py:3 needs the environment variable API_KEY",
        ),
        (
            {
                "app.py": "import socket\nfrom fastapi import FastAPI\n"
                "socket.create_connection(('127.0.0.1', 5432))\napp = FastAPI()\n"
            },
            "app.py:3 opens a connection while it is imported",
        ),
        ({"app.py": "import sys\napp = sys.exit('usage')\n"}, "app.py:2 ends the process"),
        (
            {"app.py": "import uvicorn\nfrom fastapi import FastAPI\napp = FastAPI()\nuvicorn.run(app, port=0)\n"},
            "app.py:4 starts a server while it is imported",
        ),
        ({"app.py": "app = [0] * (1 << 30)\n"}, "app.py:1 cannot be imported: MemoryError"),
        ({"app.py": "app = 1 / 0\n"}, "app.py:1 cannot be imported: ZeroDivisionError: division by zero"),
    ],
    ids=["secret", "connection", "exit", "server", "memory", "bug"],
)
def test_what_cannot_be_adopted_is_told_in_a_sentence(tmp_path: Path, files: dict[str, str], sentence: str) -> None:
    application = written(tmp_path / "application", files)
    refused = adopt(application, "--write", python=PYTHON)
    assert refused.returncode == 1, refused.stdout
    assert sentence in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert {path.name for path in application.rglob("*")} == set(files)


def test_an_import_writes_to_a_copy(tmp_path: Path) -> None:
    code = "from pathlib import Path\nfrom fastapi import FastAPI\nPath('made').write_text('here')\napp = FastAPI()\n"
    application = written(tmp_path, {"app.py": code})
    assert "app:app" in adopt(application, python=PYTHON).stdout
    assert not (application / "made").exists()


def test_two_applications_are_told_apart_by_the_entry(tmp_path: Path) -> None:
    made = "from fastapi import FastAPI\napp = FastAPI(title='{}')\n@app.get('/{}')\ndef page(): ...\n"
    application = written(tmp_path, {"one.py": made.format("1", "1"), "two.py": made.format("2", "2")})
    asked = adopt(application, python=PYTHON)
    assert asked.returncode == 1
    assert "Which application is it?" in asked.stderr
    assert "one:app, two:app" in asked.stderr
    assert "two:app" in adopt(application, "--entry", "two:app", python=PYTHON).stdout
    assert "of which there is no file" in adopt(application, "--entry", "three:app", python=PYTHON).stderr
