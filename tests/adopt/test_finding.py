"""Which of several applications is meant: one answer where there is one, else one question."""

import sys
from pathlib import Path

import pytest

from gateway.adopt.application import Entry, Route
from gateway.adopt.candidates import candidates
from gateway.adopt.errors import AdoptError, AmbiguousError
from gateway.adopt.finding import choose, hints, merged
from gateway.adopt.looking import look
from tests.adopt.support import written

INDEX = (Route("/", ("GET",)),)


def flask(spec: str, *aliases: str, routes: tuple[Route, ...] = INDEX) -> Entry:
    return Entry("Flask", "wsgi", spec, ".", frozenset({spec, *aliases}), routes)


def test_an_object_with_two_names_is_one_application() -> None:
    (entry,) = merged([flask("shop:app"), flask("wsgi:app", "shop:app")])
    assert entry.spec == "wsgi:app"


def test_a_factory_and_what_it_made_are_one_application() -> None:
    (entry,) = merged([flask("shop:create_app()"), flask("wsgi:application")])
    assert entry.spec == "wsgi:application"


def test_the_two_protocols_of_a_django_project_are_one_application() -> None:
    wsgi = Entry("Django", "wsgi", "site.wsgi:application", ".", settings="site.settings")
    asgi = Entry("Django", "asgi", "site.asgi:application", ".", settings="site.settings")
    assert [entry.protocol for entry in merged([asgi, wsgi])] == ["wsgi"]


def test_two_applications_are_a_question() -> None:
    with pytest.raises(AmbiguousError) as refused:
        choose([flask("shop:app"), flask("admin:app")], set())
    assert refused.value.choices == ["shop:app", "admin:app"]
    assert "--entry" in str(refused.value)


def test_the_application_that_is_started_today_is_meant(tmp_path: Path) -> None:
    written(tmp_path, {"Procfile": "web: gunicorn --bind 0.0.0.0:80 admin:app\nworker: celery\n"})
    found = choose([flask("shop:app"), flask("admin:app")], hints(tmp_path))
    assert found.entry.spec == "admin:app"


def test_a_module_is_tried_by_its_package_and_from_the_top(tmp_path: Path) -> None:
    made = "from flask import Flask\napp = Flask(__name__)\n"
    written(
        tmp_path, {"src/shop/__init__.py": "", "src/shop/web.py": made, "tests/app.py": made, "notes.py": "app = 1 + 1"}
    )
    ways = [[(way.module, way.root) for way in each] for each in candidates(tmp_path)]
    assert ways == [[("shop.web", "src"), ("src.shop.web", ".")], [("notes", ".")]]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"notes.txt": "nothing"}, "No web application was found"),
        ({"app.py": "from fastapi import FastAPI\napp = FastAPI(\n"}, r"app\.py:2 cannot be read"),
        ({"app.py": "import no_such_library\napp = None\n"}, r"app\.py:1 imports no_such_library, which"),
    ],
    ids=["nothing", "syntax", "dependency"],
)
def test_what_cannot_be_adopted_is_told_in_a_sentence(tmp_path: Path, files: dict[str, str], sentence: str) -> None:
    with pytest.raises(AdoptError, match=sentence):
        look(written(tmp_path, files), entry=None, python=sys.executable, environment={}, network=False)
    assert {path.name for path in tmp_path.rglob("*")} == set(files)
