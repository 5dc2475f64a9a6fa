"""The state directory and the settings of the local stack, without starting anything."""

import json
import stat
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values

from gateway.local.errors import LocalError
from gateway.local.hosted_project import login_url
from gateway.local.ready_message import ready
from gateway.local.settings import LocalSettings, Project
from gateway.local.state import State

PROJECT = {
    "SUPABASE_URL": "https://abc.example/",
    "SUPABASE_PUBLISHABLE_KEY": "public",
    "SUPABASE_SECRET_KEY": "secret",
    "DATABASE_URL": "postgresql://postgres.abc:pw@pooler.example:6543/postgres?sslmode=require",
}


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "home")
    state.prepare()
    return state


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_home_that_cannot_be_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocalError, match="cannot be a directory for the state"):
        State(tmp_path / "file").prepare()


def test_the_banner_names_a_file_that_a_shell_can_read(tmp_path: Path) -> None:
    values = {"GATEWAY_URL": "http://127.0.0.1:8000"}
    assert f"after   . '{tmp_path}/a b/env'" in ready(values, tmp_path / "a b" / "env", 1.0)


def test_settings_have_defaults() -> None:
    settings = LocalSettings.read({"GATEWAY_PORT": ""})
    assert (settings.gateway_port, settings.supabase_port, settings.postgres_port) == (8000, 54321, 54322)
    assert settings.operations_port == 8001
    assert settings.home.name == ".tidegate"


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80 80", "٨٠"])
def test_a_port_that_is_none_is_refused_by_name(port: str) -> None:
    with pytest.raises(LocalError, match="SUPABASE_PORT must be a port"):
        LocalSettings.read({"SUPABASE_PORT": port})


def test_one_port_for_two_servers_is_refused() -> None:
    with pytest.raises(LocalError, match="must be different ports"):
        LocalSettings.read({"SUPABASE_PORT": "8000"})


def test_a_project_is_used_when_it_is_named() -> None:
    assert Project.read({}) is None
    project = Project.read(PROJECT)
    assert project is not None
    assert project.url == "https://abc.example"
    assert "secret" not in repr(project)
    assert "pw" not in repr(project)


def test_a_shell_that_loaded_the_env_file_of_a_local_stack_names_no_project() -> None:
    loaded = {**PROJECT, "LOCAL_SUPABASE_URL": PROJECT["SUPABASE_URL"]}
    assert Project.read(loaded) is None
    assert Project.read({**loaded, "SUPABASE_URL": "https://another.example"}) is not None


@pytest.mark.parametrize("name", ["SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY", "DATABASE_URL"])
def test_half_a_project_is_refused_by_name(name: str) -> None:
    with pytest.raises(LocalError, match=name):
        Project.read({**PROJECT, name: ""})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://postgres:a@h:5432/db", "postgresql://tidegate_worker:p%2Fw@h:5432/db"),
        (
            "postgresql://postgres.abc:a%40b@pool:6543/db?sslmode=require",
            "postgresql://tidegate_worker.abc:p%2Fw@pool:6543/db?sslmode=require",
        ),
        ("postgres://postgres@[::1]:5432/db", "postgres://tidegate_worker:p%2Fw@[::1]:5432/db"),
    ],
)
def test_a_login_takes_the_place_of_the_user_and_keeps_the_pooler_suffix(url: str, expected: str) -> None:
    assert login_url(url, "tidegate_worker", "p/w") == expected


@pytest.mark.parametrize("url", ["host=h user=postgres", "postgresql:///db"])
def test_a_database_url_without_user_and_host_is_refused(url: str) -> None:
    with pytest.raises(LocalError, match="DATABASE_URL"):
        login_url(url, "tidegate_worker", "p")


def test_secrets_are_random_private_and_kept(state: State, tmp_path: Path) -> None:
    secrets = state.secrets()
    assert state.secrets() == secrets
    assert mode(state.home / "secrets.json") == 0o600
    other = State(tmp_path / "other")
    other.prepare()
    assert other.secrets().demo_password != secrets.demo_password
    assert secrets.jwt_secret not in repr(secrets)


def test_a_secret_that_an_older_version_lacked_is_made_once(state: State) -> None:
    first = state.secrets()
    file = state.home / "secrets.json"
    kept = json.loads(file.read_text())
    del kept["demo_password"]
    file.write_text(json.dumps(kept))
    second = state.secrets()
    assert second.demo_password != first.demo_password
    assert second.jwt_secret == first.jwt_secret
    assert state.secrets() == second


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_damaged_secrets_are_named(state: State, text: str) -> None:
    (state.home / "secrets.json").write_text(text)
    with pytest.raises(LocalError, match=r"secrets\.json"):
        state.secrets()


def test_lost_secrets_of_a_database_are_not_replaced(state: State) -> None:
    (state.home / "postgres" / "data").mkdir(parents=True)
    with pytest.raises(LocalError, match="make reset"):
        state.secrets()


def test_env_reads_the_same_as_dotenv_and_in_a_shell(state: State) -> None:
    values = {"PLAIN": "http://127.0.0.1:8000", "ODD": "postgresql://u:p@h/db?a=1&b=$HOME #x", "EMPTY": ""}
    state.write_env(values)
    assert mode(state.env_file) == 0o600
    assert dotenv_values(state.env_file) == values == state.read_env()
    shell = subprocess.run(
        ["sh", "-c", '. "$1"; printf "%s" "$ODD"', "sh", state.env_file], check=True, capture_output=True, text=True
    )
    assert shell.stdout == values["ODD"]
    state.remove_env()
    with pytest.raises(LocalError, match="make run"):
        state.read_env()


def test_the_lock_names_its_holder_and_notices_a_kill(state: State) -> None:
    with state.lock() as was_killed:
        assert was_killed is False
        with pytest.raises(LocalError, match=r"already running, as process \d+"), state.lock():
            pass
        with pytest.raises(LocalError, match="already running"):
            state.reset()
    (state.home / "lock").write_text("12345\n")
    with state.lock() as was_killed:
        assert was_killed is True
    with state.lock() as was_killed:
        assert was_killed is False


def test_reset_removes_what_the_stack_made_and_nothing_else(state: State) -> None:
    state.secrets()
    state.write_env({"A": "b"})
    state.mark("seeded").touch()
    (state.files / "object").touch()
    (state.home / "postgres").mkdir()
    (state.home / "notes.txt").touch()
    state.reset()
    assert [path.name for path in state.home.iterdir()] == ["notes.txt"]
    (state.home / "notes.txt").unlink()
    state.prepare()
    state.reset()
    assert not state.home.exists()
    state.reset()
