"""One word for one thing: words that the glossary in docs/architecture.md replaced do not come back."""

import re
from pathlib import Path

import pytest

from gateway.local.paths import REPOSITORY

OLD = {
    r"(?i:rungs?|ladders?|descend(s|ed|ing)?)": "fallback chain",
    r"(?i:last[ _]known|known_?(answers|recommendations))|[Ss]pared": "stale",
    r"(?i:astray)": "out of distribution",
    r"(?i:giants?)": "large scope, scope index",
    r"(?i:shards?|shard_id)": "scope index",
    r"(?i:cashiers?)\w*": "payment processor",
    r"(?i:outbound)": "HTTP client",
    r"(?i:departed|departures?)": "client disconnect",
    r"silent_s|is_silent": "stall",
    r"RetryBudget": "token bucket",
    r"Leases": "cancel-safe pool",
    r"Verdict": "failure classifier",
    r"Guards?": "resilience pipeline",
    r"(?i:folding|unfold)": "rollup",
    r"(?i:upkeep)": "maintenance of the worker, hygiene of a schema",
    r"(?i:article numbers?)": "SKU",
    # A passage is the part of a text that a result shows; what is embedded, indexed and compared is a chunk.
    r"(?i:(embed|index|compar|post|cut|stor)\w* (\w+ )?passages?"
    r"|passages? (is|are|was|were) (embedded|indexed|compared|posted|cut|stored))|PASSAGES=": "chunk",
    r"WORKER_\w+_SECONDS": "settings in seconds end in _S",
}
# In code these are other things: what a token is for, the processes of a supervisor.
OLD_IN_PAGES = {
    r"(?i:audiences?)(?!=)": "scope",
    r"(?i:parked|stuck)": "failed, dead letter",
    r"(?i:replay(s|ed|ing)?)": "retry",
    r"(?i:anew)": "again",
    r"(?i:at hand)": "stale",
    r"(?i:so many)": "a number, or its name",
}
FOLDERS = ("gateway", "docs", "sql", "supabase/schemas", "supabase/functions", "supabase/local", "tests")
TEXTS = sorted(
    path
    for folder in FOLDERS
    for path in (REPOSITORY / folder).rglob("*")
    if path.suffix in (".py", ".md", ".ts", ".js", ".sql") and path != Path(__file__)
) + [
    REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile")
]  # the changelog names both
IN_PAGES = [path for path in TEXTS if path.suffix in (".md", "") or path.is_relative_to(REPOSITORY / "sql")]
GLOSSARY = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8").partition("\n## Glossary\n")[2]
TERMS = re.findall(r"^\| ([a-z][a-z ]*) \|", GLOSSARY, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "texts"),
    [*((words, TEXTS) for words in OLD), *((words, IN_PAGES) for words in OLD_IN_PAGES)],
    ids=[*OLD.values(), *(f"{word} in pages" for word in OLD_IN_PAGES.values())],
)
def test_old_words_stay_away(words: str, texts: list[Path]) -> None:
    pattern = re.compile(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z])")
    found = [
        f"{path.relative_to(REPOSITORY)}:{number}: {line.strip()}"
        for path in texts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_the_glossary_is_in_order_and_of_words_that_are_used() -> None:
    terms = [term for term in TERMS if term != "term"]
    assert {"chunk", "scope", "segment", "tenant"} <= set(terms)
    assert terms == sorted(terms)
    texts = "\n".join(path.read_text(encoding="utf-8") for path in TEXTS).replace(GLOSSARY, "")
    assert [term for term in terms if not re.search(rf"\b{term}", texts, flags=re.IGNORECASE)] == []
