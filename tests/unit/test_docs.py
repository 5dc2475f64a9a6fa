"""Documentation against the repository: what a page names exists, links lead somewhere, generated pages are current.

tests/e2e/test_docs.py runs the examples.
"""

import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest
from prometheus_client.metrics_core import Metric

from gateway.config.settings import describe_settings
from gateway.local.paths import REPOSITORY
from gateway.resilience.metrics import REGISTRY
from tests.support.documentation import RUNNABLE, SHOWN, Block, anchors, blocks, links, name_of, pages

README = REPOSITORY / "README.md"
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
TESTS = REPOSITORY / "tests"
PAGES = pages()
TEXT = {page: page.read_text(encoding="utf-8") for page in PAGES}
BLOCKS: list[Block] = [block for page in PAGES for block in blocks(page)]

# Blocks that the tests do not run. Each says in its page why; one more has to be counted here.
NOT_RUN = {
    "README.md": 2,
    "docs/adopt/README.md": 1,
    "docs/adopt/frameworks.md": 4,
    "docs/browser.md": 1,
    "docs/clients.md": 1,
    "docs/containers.md": 2,
    "docs/deploy.md": 4,
    "docs/edge-functions.md": 1,
    "docs/files.md": 1,
    "docs/quickstart.md": 1,
    "docs/search.md": 1,
    "docs/troubleshooting.md": 1,
    "supabase/clients/python/README.md": 3,
    "supabase/clients/typescript/README.md": 1,
}
# Of processes of Supabase, and of `make run`, not of the gateway.
OTHER_VARIABLES = {
    "PAYMENT_WEBHOOK_SECRETS",
    "DATABASE_URL",
    "SUPABASE_SECRET_KEY",
    "TIDEGATE_HOME",
    "LOCAL_SUPABASE_URL",
    "SUPABASE_PORT",
    "POSTGRES_PORT",
    "GATEWAY_URL",
}
OTHER_VARIABLES |= {"DATA_API_MAX_BYTES", "TEST_POSTGRES", "PROMETHEUS_PORT"}
# Of tidegate-evaluate.
OTHER_VARIABLES |= {"TIDEGATE_TOKEN", "TIDEGATE_EMAIL", "TIDEGATE_PASSWORD"}
# Of what is injected into existing applications.
OTHER_VARIABLES |= {"TIDEGATE_ADOPT", "TIDEGATE_TRACES", "TIDEGATE_REPORTS", "TIDEGATE_HEALTH_PORT", "SHOP_SECRET"}
OTHER_VARIABLES |= {"TIDEGATE_RESILIENCE", "TIDEGATE_RESILIENCE_POLICY", "TIDEGATE_REQUEST_TIMEOUT_S"}
# Of Django.
OTHER_VARIABLES |= {"FORCE_SCRIPT_NAME", "PASSWORD_HASHERS"}
# Of the Edge Functions.
OTHER_VARIABLES |= {"GATEWAY_TIMEOUT_MS", "DATA_API_TIMEOUT_MS", "SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_ANON_KEY"}
# Of OpenSSL, and of every program that asks through a proxy.
OTHER_VARIABLES |= {"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "NO_PROXY"}
# Of docs/deploy/compose.yaml and make image.
OTHER_VARIABLES |= {"GATEWAY_PASSWORD", "WORKER_PASSWORD", "PGBOUNCER_IMAGE", "PROMETHEUS_IMAGE", "IMAGE_FLAGS"}


def test_the_readme_is_short() -> None:
    assert len(TEXT[README].splitlines()) <= 180


def test_blocks_that_do_not_run_are_marked_and_counted() -> None:
    counted = {name_of(page): sum(b.not_run is not None for b in BLOCKS if b.page == name_of(page)) for page in PAGES}
    assert {page: count for page, count in counted.items() if count} == NOT_RUN


def test_every_other_block_is_of_a_language_that_runs_or_is_shown() -> None:
    known = (*RUNNABLE, *SHOWN, "")
    assert [
        str(block) for block in BLOCKS if block.not_run is None and block.tree is None and block.language not in known
    ] == []


def test_files_of_the_tree_are_written_in_a_known_language() -> None:
    known = {"": ("sh",), ".sql": ("sql", "diff"), ".py": ("python", "diff")}
    written = [block for block in BLOCKS if block.tree is not None]
    assert written
    assert [str(block) for block in written if block.language not in known[Path(block.tree or "").suffix]] == []


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "json"], ids=str)
def test_json_is_json(block: Block) -> None:
    json.loads(block.code)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_the_readme_leads_to_what_newcomers_ask() -> None:
    """How to add a table or a field that is searchable, how to deploy, why a result is missing."""
    wanted = {"docs/access.md#add-a-searchable-table", "docs/catalogue.md#add-a-searchable-field"}
    wanted |= {"docs/deploy.md", "docs/troubleshooting.md"}
    assert wanted <= set(links(README))


def test_every_page_is_two_clicks_from_the_readme() -> None:
    reached = {README}
    for _click in range(2):
        reached |= {
            (page.parent / link.partition("#")[0]).resolve()
            for page in reached
            if page.suffix == ".md" and page.exists()
            for link in links(page)
            if not link.startswith("#")
        }
    assert [name_of(page) for page in PAGES if page not in reached] == []


def test_every_make_target_exists() -> None:
    named = {
        name for text in TEXT.values() for name in re.findall(r"\bmake ([a-z][a-z\d-]*[a-z\d])\b(?!-)", _code(text))
    }
    targets = set(re.findall(r"^([a-z][a-z\d-]*):", MAKEFILE, flags=re.MULTILINE))
    assert {"test", "run", "chaos"} <= named
    assert named - targets == set()


def test_every_file_exists() -> None:
    named = {
        path
        for text in TEXT.values()
        for path in re.findall(r"`((?:gateway|supabase|sql|tests|docs)/[\w./-]*)`", text)
        if "<" not in path
    }
    assert "tests/isolation/rules.py" in named
    named -= {block.tree for block in BLOCKS if block.tree}  # what a page has its reader write
    assert sorted(path for path in named if not (REPOSITORY / path).exists()) == []


def test_every_schema_file_that_the_code_names_exists() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "gateway").rglob("*.py"))
    named = set(re.findall(r"\b\d\d_\w+\.sql", code))
    existing = {path.name for path in (REPOSITORY / "supabase" / "schemas").iterdir()}
    assert named
    assert named - existing == set()


def test_every_module_that_is_run_exists() -> None:
    named = {module for text in TEXT.values() for module in re.findall(r"python -m ((?:gateway|tests)[\w.]*)", text)}
    paths = {module: REPOSITORY / module.replace(".", "/") for module in named}
    assert "gateway.app" in named
    assert [
        module
        for module, path in paths.items()
        if not path.with_suffix(".py").exists() and not (path / "__main__.py").exists()
    ] == []


def test_every_command_of_the_wheel_exists() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {name for text in TEXT.values() for name in re.findall(r"\btidegate-[a-z]+\b", _code(text))}
    # A package of its own, without a command.
    assert named - {"tidegate-client"} == set(project["scripts"])


def test_every_setting_exists() -> None:
    known = {name for name, _, _ in describe_settings()} | OTHER_VARIABLES
    named = {name for text in TEXT.values() for name in re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`", text)}
    assert {name for name in named - known if not name.startswith("OTEL_")} == set()  # those are OpenTelemetry's


def test_every_argument_of_the_search_function_is_documented() -> None:
    schemas = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "supabase" / "schemas").glob("*.sql"))
    signature = schemas.partition("create function public.search(")[2].partition(")\nreturns")[0]
    arguments = re.findall(r"(?:^|,)\s*([a-z_]+) (?=text|extensions|integer|uuid|numeric|boolean|jsonb)", signature)
    table = TEXT[REPOSITORY / "docs" / "search.md"].partition('| argument of `rpc("search")`')[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert len(arguments) > 10
    assert sorted(name for row in rows for name in re.findall(r"`(\w+)`", row)) == sorted(arguments)


def test_every_metric_that_is_named_exists() -> None:
    """tests/integration/test_metrics.py compares the table of metrics with what each process serves."""
    for part in ("gateway.resilience.request_metrics", "gateway.worker.metrics"):
        importlib.import_module(part)
    existing = {_name(metric) for metric in REGISTRY.collect()}
    named = {name for text in TEXT.values() for name in re.findall(r"`(tidegate_\w+)`", text)}
    others = {"tidegate_gateway", "tidegate_worker", "tidegate_adopted"}  # logins, and a package
    assert named - others <= existing


def test_the_settings_page_is_current() -> None:
    script = REPOSITORY / "docs" / "scripts" / "settings.py"
    spec = importlib.util.spec_from_file_location("settings_page", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert TEXT[REPOSITORY / "docs" / "settings.md"] == module.page(), "run make docs"
    assert set(module.SECTIONS) <= {name for name, _, _ in describe_settings()}


def test_make_test_runs_every_test() -> None:
    folders = {f"tests/{path.parent.relative_to(TESTS).parts[0]}" for path in TESTS.rglob("test_*.py")}
    (recipe,) = re.findall(r"^test: .*\n((?:\t.*\n)+)", MAKEFILE, flags=re.MULTILINE)
    variables = dict(re.findall(r"^([A-Z_]+) := (.*)$", MAKEFILE, flags=re.MULTILINE))
    expanded = re.sub(r"\$\(([A-Z_]+)\)", lambda name: variables.get(name[1], ""), recipe)
    assert set(re.findall(r"(?<= )tests/\w+", expanded)) == folders


def _code(text: str) -> str:
    """What stands in code: fences and spans."""
    fences = re.findall(r"^```.*?^```$", text, flags=re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`[^`\n]+`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    return "\n".join([*fences, *spans])


def _name(metric: Metric) -> str:
    """The name by which a person knows the metric."""
    return metric.name + {"counter": "_total", "info": "_info"}.get(metric.type, "")
