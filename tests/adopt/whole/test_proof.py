"""The proof: applications that answer as they did are told so, and one that does not is."""

from pathlib import Path

import pytest

from gateway.adopt.facts import read_facts
from gateway.adopt.looking import look
from gateway.adopt.proof.proving import prove, told
from tests.adopt.support import PYTHON, contents, written
from tests.adopt.whole.conftest import Copy
from tests.adopt.whole.test_applications import ENVIRONMENT

# By framework: a request whose answer is the same each time, and one that differs from run to run.
PROVED = {
    "django_blog": ("GET /posts/", "GET /form/"),
    "flask_single": ("GET /notes", "GET /ticket"),
    "fastapi_single": ("GET /items", None),
}


@pytest.mark.parametrize("name", PROVED)
def test_an_application_answers_as_before(name: str, copy: Copy) -> None:
    application = copy(name)
    before = contents(application)
    found = look(application, entry=None, python=str(PYTHON), environment=ENVIRONMENT, network=False)
    proof = prove(application, found, read_facts(application, found.entry), str(PYTHON), ENVIRONMENT)
    assert proof.holds, told(proof)
    by_request = {each.request: each for each in proof.comparisons}
    same, varying = PROVED[name]
    assert not by_request[same].varies
    assert varying is None or by_request[varying].varies
    assert contents(application) == before


def test_an_application_that_knows_what_is_injected_is_caught(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom flask import Flask\napp = Flask(__name__)\n"
        "@app.get('/')\ndef index(): return 'injected' if 'tidegate_adopted.start' in sys.modules else 'plain'\n"
    )
    application = written(tmp_path / "sly", {"app.py": code})
    found = look(application, entry=None, python=str(PYTHON), environment={}, network=False)
    proof = prove(application, found, read_facts(application, found.entry), str(PYTHON), {})
    assert not proof.holds
    assert "body" in proof.comparisons[0].differences, told(proof)
