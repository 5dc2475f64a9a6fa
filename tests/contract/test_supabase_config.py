"""Pushing the committed `config.toml` makes no hosted project weaker: neither a new one nor one that is stricter."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.local.paths import REPOSITORY
from tests.support.fake_management import REF, LiveProject
from tests.support.supabase_cli import AVAILABLE, UNAVAILABLE, SupabaseCli

CONFIG = REPOSITORY / "supabase" / "config.toml"
LOOPBACK = re.compile(r"localhost|127\.\d|0\.0\.0\.0|::1|host\.docker", re.IGNORECASE)

# What a push sets, each at the strictest value there is. A setting that has no strictest value, such as the length of
# passwords or the addresses of a project, is not for this file: whatever it said would be looser than some project.
STRICTEST = {
    "api.schemas": ["public"],
    "api.auto_expose_new_tables": False,
    "auth.enable_anonymous_sign_ins": False,
    "auth.enable_refresh_token_rotation": True,
    "auth.email.double_confirm_changes": True,
    "auth.email.enable_confirmations": True,
}
# What the CLI keeps to itself, for `supabase start`, migrations and the deployment of functions.
NOT_PUSHED = {
    *("project_id", "api.enabled", "api.port", "db.port", "db.shadow_port", "db.major_version"),
    *("db.migrations.enabled", "db.seed.enabled", "db.seed.sql_paths", "storage.enabled", "auth.enabled"),
    *("edge_runtime.enabled", "edge_runtime.policy", "edge_runtime.deno_version"),
    *(
        f"functions.{function}.{name}"
        for function in ("answers", "payment-webhook", "recommend", "search")
        for name in ("enabled", "verify_jwt", "entrypoint", "import_map")
    ),
}

# A project as hosted makes one, and one whose owners have tightened everything that a push knows of.
HOSTED: dict[str, dict[str, Any]] = {
    "api": {
        "db_schema": "public,graphql_public",
        "db_extra_search_path": "public,extensions",
        "max_rows": 1000,
    },
    "auth": {
        "site_url": "https://shop.example",
        "uri_allow_list": "https://shop.example/welcome",
        "disable_signup": False,
        "external_anonymous_users_enabled": False,
        "external_email_enabled": True,
        "external_phone_enabled": False,
        "jwt_exp": 3600,
        "mailer_autoconfirm": False,
        "mailer_otp_exp": 3600,
        "mailer_secure_email_change_enabled": True,
        "password_min_length": 6,
        "password_required_characters": None,
        "refresh_token_rotation_enabled": True,
        "security_captcha_enabled": False,
        "security_manual_linking_enabled": False,
        "security_refresh_token_reuse_interval": 10,
        "security_update_password_require_reauthentication": False,
        "smtp_host": None,
    },
    "database": {"major_version": 17, "ssl_enforced": False},
    "storage": {"file_size_limit": 52_428_800, "features": {}},
}
HARDENED: dict[str, dict[str, Any]] = {
    "api": HOSTED["api"] | {"db_schema": "public", "max_rows": 50},
    "auth": HOSTED["auth"]
    | {
        "disable_signup": True,
        "jwt_exp": 300,
        "mailer_otp_exp": 300,
        "password_min_length": 16,
        "password_required_characters": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:0123456789",
        "security_captcha_enabled": True,
        "security_captcha_provider": "turnstile",
        "security_refresh_token_reuse_interval": 0,
        "security_update_password_require_reauthentication": True,
        "uri_allow_list": "",
    },
    "database": {"major_version": 17, "ssl_enforced": True},
    "storage": {"file_size_limit": 1_048_576, "features": {}},
}


def settings(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from settings(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def test_the_file_sets_only_what_is_strictest() -> None:
    declared = dict(settings(tomllib.loads(CONFIG.read_text(encoding="utf-8"))))
    pushed = {name: value for name, value in declared.items() if name not in NOT_PUSHED}
    assert pushed == STRICTEST


def test_the_file_names_no_loopback_address() -> None:
    assert LOOPBACK.findall(CONFIG.read_text(encoding="utf-8")) == []


@pytest.fixture(scope="module")
def supabase(tmp_path_factory: pytest.TempPathFactory) -> SupabaseCli:
    return SupabaseCli(tmp_path_factory.mktemp("supabase"))


def push(supabase: SupabaseCli, project: LiveProject, directory: Path) -> str:
    """Push everything without asking; what the CLI said."""
    with project.served(directory) as profile:
        command = ("config", "push", f"--remote={REF}", "--yes", "--profile", str(profile))
        done = supabase.run(*command, SUPABASE_ACCESS_TOKEN=f"sbp_{'0' * 40}")
    return f"{done.stdout}{done.stderr}"


@pytest.mark.skipif(not AVAILABLE, reason=UNAVAILABLE)
@pytest.mark.parametrize("before", [HOSTED, HARDENED], ids=["as hosted makes it", "hardened"])
def test_a_push_changes_nothing_of_a_project_but_the_schemas(
    supabase: SupabaseCli, tmp_path: Path, before: dict[str, dict[str, Any]]
) -> None:
    project = LiveProject(before)
    said = push(supabase, project, tmp_path)
    assert "Remote Auth config is up to date" in said, said
    assert "Remote Storage config is up to date" in said, said
    assert project.services == {**before, "api": before["api"] | {"db_schema": "public"}}


@pytest.mark.skipif(not AVAILABLE, reason=UNAVAILABLE)
def test_a_push_closes_what_somebody_left_open(supabase: SupabaseCli, tmp_path: Path) -> None:
    """That the CLI would push what is weaker as well is what makes the other test one."""
    left_open = {"mailer_autoconfirm": True, "external_anonymous_users_enabled": True}
    project = LiveProject({**HOSTED, "auth": HOSTED["auth"] | left_open})
    said = push(supabase, project, tmp_path)
    assert "auth" in dict(project.pushed), said
    sent = dict(project.pushed)["auth"]
    assert {name: sent[name] for name in left_open} == dict.fromkeys(left_open, False)
    assert not LOOPBACK.search(str(project.pushed))
