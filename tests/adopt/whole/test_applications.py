"""Two small applications of each framework: how they are entered, and what is told of them."""

from pathlib import Path

import pytest

from gateway.adopt.facts import read_facts
from gateway.adopt.looking import look
from tests.adopt.support import PYTHON, adopt, contents
from tests.adopt.whole.conftest import Copy

ENVIRONMENT = {"SHOP_SECRET": "for a test", "SECRET_KEY": "for a test of a certain length 0123456789 0123456789"}
# Name: framework, entry, folder, port, a route, a variable that it reads.
EXPECTED = {
    "django_blog": ("Django", "site_config.wsgi:application", ".", 8000, "/posts/<int:key>/", None),
    "django_split": ("Django", "config.wsgi:application", "backend", 8000, "/pages/about/", "ALLOWED_HOSTS"),
    "flask_single": ("Flask", "app:app", ".", 8000, "/notes/<int:key>", "WEATHER_URL"),
    "flask_factory": ("Flask", "shop:create_app()", "src", 8080, "/shop/", "SHOP_SECRET"),
    "fastapi_single": ("FastAPI", "main:app", ".", 8000, "/items/{key}", "WEATHER_URL"),
    "fastapi_package": ("FastAPI", "app.main:app", ".", 8000, "/users/", None),
    "express_single": ("Express", "server.js", ".", 3000, "/tasks/:id", "WEATHER_URL"),
    "express_routers": ("Express", "bin/www.js", ".", 8080, "/boats/:name", None),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_application_is_found_by_itself(name: str, copy: Copy) -> None:
    framework, spec, root, port, route, variable = EXPECTED[name]
    application = copy(name)
    before = contents(application)
    found = look(application, entry=None, python=str(PYTHON), environment=ENVIRONMENT, network=False)
    facts = read_facts(application, found.entry)
    assert (found.entry.framework, found.entry.spec, found.entry.root) == (framework, spec, root)
    assert found.confidence == "certain"
    assert facts.port == port
    assert route in {each.path for each in found.entry.routes}
    assert variable is None or variable in facts.variables
    assert contents(application) == before


def test_a_project_with_split_settings_is_served_with_those_of_its_server(copy: Copy, tmp_path: Path) -> None:
    application = copy("django_split")
    refused = adopt(application, "--write", python=PYTHON)
    assert "production.py:6 needs the environment variable SECRET_KEY" in refused.stderr
    variables = tmp_path / "variables"
    variables.write_text(f"SECRET_KEY='{ENVIRONMENT['SECRET_KEY']}'\n", encoding="utf-8")
    done = adopt(application, "--write", "--env-file", str(variables), python=PYTHON)
    assert done.returncode == 0, done.stderr
    text = (application / "Containerfile").read_text(encoding="utf-8")
    assert "DJANGO_SETTINGS_MODULE=config.settings.production" in text
    assert "WORKDIR /app/backend" in text
    assert "SECRET_KEY=\n" in (application / "tidegate" / "env.example").read_text(encoding="utf-8")
