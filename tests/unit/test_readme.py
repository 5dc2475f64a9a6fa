"""The README against the code: every setting is in its table as the code has it, every make target exists."""

import re

from gateway.config.settings import describe_settings
from gateway.local.paths import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
TESTS = REPOSITORY / "tests"


def settings_table() -> str:
    """The table as it must stand in the README."""
    rows = [
        f"| `{name}` | {f'`{default}`' if default else ''} | {description} |"
        for name, default, description in describe_settings()
    ]
    return "\n".join(["| setting | default | |", "| --- | --- | --- |", *rows])


def test_every_setting_is_documented_as_it_is() -> None:
    assert settings_table() in README


def test_every_target_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"make ([a-z][a-z-]+)", README))
    targets = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, flags=re.MULTILINE))
    assert named
    assert named <= targets


def test_make_test_runs_every_test() -> None:
    folders = {f"tests/{path.parent.relative_to(TESTS).parts[0]}" for path in TESTS.rglob("test_*.py")}
    (recipe,) = re.findall(r"^test: .*\n((?:\t.*\n)+)", MAKEFILE, flags=re.MULTILINE)
    assert set(re.findall(r"(?<= )tests/\w+", recipe)) == folders


def test_every_file_that_the_readme_names_exists() -> None:
    paths = re.findall(r"`((?:gateway|supabase|sql|tests)/[\w./-]*)`", README)
    assert paths
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []
