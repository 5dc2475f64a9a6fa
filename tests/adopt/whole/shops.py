"""The small shops of tests/adopt/apps behind a gateway, on one Supabase database, and people who use them."""

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from gateway.local.services import Service
from tests.adopt.support import APPS, NODE_MODULES, PYTHON
from tests.support.ports import free_port
from tests.support.shop import Shop
from tests.support.stack import Process, Stack
from tests.support.tokens import SigningKey
from tests.support.waiting import PATIENCE_S, wait_until

PUBLIC = "https://shop.example"
SECRET = "a secret of the shop that is long enough"
LOGIN = """
    do $$ begin
      if not exists (select from pg_roles where rolname = '{login}') then create role {login} login noinherit; end if;
    end $$;
    grant anon, authenticated to {login};
    create schema {schema};
    grant usage on schema {schema} to anon, authenticated;
    alter role {login} set search_path = {schema}, public;
    alter role {login} set statement_timeout = '8s'
"""


@dataclass(frozen=True)
class Framework:
    """How an application of it is migrated and served; its own tables have a schema of its name."""

    name: str
    migrate: tuple[str, ...]
    serve: tuple[str, ...]
    program: str = str(PYTHON)

    @property
    def folder(self) -> Path:
        return APPS / f"{self.name}_shop"

    @property
    def login(self) -> str:
        return f"shop_{self.name}"


GUNICORN = ("gunicorn", "--workers=2", "--threads=8", "--no-control-socket", "--bind=127.0.0.1:{port}")
DJANGO = Framework("django", ("manage.py", "migrate", "--verbosity=0"), ("-m", *GUNICORN, "config.wsgi"))

FLASK = Framework("flask", ("-m", "alembic", "upgrade", "head"), ("-m", *GUNICORN, "shop:create_app()"))

UVICORN = ("uvicorn", "--factory", "--workers=2", "--port={port}", "--root-path=/app/fastapi", "--no-server-header")
FASTAPI = Framework("fastapi", ("-m", "alembic", "upgrade", "head"), ("-m", *UVICORN, "app.main:create_app"))

EXPRESS = Framework("express", ("migrate.js",), ("server.js",), "node")


class Shops:
    """A gateway before the applications, and the people."""

    def __init__(self, stack: Stack, shop: Shop, ports: Mapping[str, int]) -> None:
        self.stack, self.shop, self.ports = stack, shop, ports
        self._key = SigningKey.of_file(stack.state / "signing_keys.json")

    def token(self, person: uuid.UUID) -> str:
        metadata = {"staff": True} if person == self.shop.staff else {}
        issuer = f"{self.stack.supabase_url}/auth/v1"
        return self._key.token(person, iss=issuer, app_metadata=metadata)

    def ask(
        self, framework: str, method: str, path: str, person: uuid.UUID | None = None, **options: Any
    ) -> httpx2.Response:
        """What the application answers through the gateway."""
        url = f"{self.stack.gateway_url}/app/{framework}{path}"
        return self._ask(method, url, person, options.pop("headers", {}), **options)

    def rows(self, query: str, person: uuid.UUID | None) -> list[dict[str, Any]]:
        """What the Data API answers."""
        url = f"{self.stack.supabase_url}/rest/v1/{query}"
        answer = self._ask("GET", url, person, {"apikey": self.stack.keys.publishable_key})
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows

    def _ask(
        self, method: str, url: str, person: uuid.UUID | None, headers: Mapping[str, str], **options: Any
    ) -> httpx2.Response:
        token = {} if person is None else {"Authorization": f"Bearer {self.token(person)}"}
        return httpx2.request(method, url, headers={**headers, **token}, timeout=PATIENCE_S, trust_env=False, **options)


def login_of(framework: Framework) -> bytes:
    """The statements by which an application gets its login, which may become a visitor or a person, and its schema."""
    return LOGIN.format(login=framework.login, schema=framework.name).encode()


def environment(framework: Framework, stack: Stack, *, user: str, options: str = "") -> dict[str, str]:
    """What the application is told, as in production."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "SECRET_KEY": "for a test of a certain length 0123456789 0123456789",
        "SHOP_NAME": framework.name,
        "SHOP_SECRET": SECRET,
        "ALLOWED_HOSTS": "shop.example",
        "CORS_ALLOWED_ORIGINS": "https://pages.example",
        "PUBLIC_PATH": f"/app/{framework.name}",
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(stack.database.port),
        "DB_NAME": stack.database.name,
        "DB_USER": user,
        "PGOPTIONS": options,
    }


@contextmanager
def shops(stack: Stack, *frameworks: Framework) -> Iterator[Shops]:
    """Everything that runs, on a database with a few products."""
    stack.start_api()
    ports: dict[str, int] = {}
    served: list[tuple[Framework, Process]] = []
    for framework in frameworks:
        with stack.database.connect() as owner_of_tables:
            owner_of_tables.execute(login_of(framework))
        folder = _copied(framework, stack.state)
        owner = environment(framework, stack, user="postgres", options=f"-c search_path={framework.name},public")
        command = [framework.program, *framework.migrate]
        done = subprocess.run(command, check=False, cwd=folder, env=owner, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        ports[framework.name] = free_port()
        served.append((framework, _serve(framework, stack, folder, ports[framework.name])))
    upstreams = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    secrets = json.dumps(dict.fromkeys(upstreams, SECRET))
    stack.start_gateway(UPSTREAMS=json.dumps(upstreams), UPSTREAM_SECRETS=secrets, GATEWAY_PUBLIC_URL=PUBLIC)
    with stack.database.connect("supabase_admin") as admin, stack.database.connect() as people:
        made = Shops(stack, Shop(stack.database, admin, people), ports)
        for framework, process in served:
            wait_until(partial(_answers, made, framework, process), f"the shop of {framework.name}")
        yield made


def _copied(framework: Framework, state: Path) -> Path:
    """A copy of the application, with what Node has installed: it looks for that above the file alone."""
    folder = state / framework.folder.name
    shutil.copytree(framework.folder, folder, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    if framework.program == "node":
        (folder / "node_modules").symlink_to(NODE_MODULES)
    return folder


def _answers(made: Shops, framework: Framework, process: Process) -> bool:
    assert process.popen.poll() is None, process.tail()
    return made.ask(framework.name, "GET", "/api/products/").is_success


def _serve(framework: Framework, stack: Stack, folder: Path, port: int) -> Process:
    command = [framework.program, *(part.format(port=port) for part in framework.serve)]
    told = {**environment(framework, stack, user=framework.login), "PORT": str(port)}
    service = Service(f"shop-{framework.name}", command, told)
    process = Process(service, stack.logs / f"{stack.database.name}-{service.name}.log", folder)
    stack.processes.append(process)
    return process
