"""One word for one thing: words that the glossary in docs/architecture.md replaced do not come back."""

import re

import pytest

from gateway.local.paths import REPOSITORY

OLD = {
    r"rungs?|ladders?|descend": "fallback chain",
    r"last[ _]known|LastKnown\w*|Known(Answers|Recommendations)|spared": "stale",
    r"astray": "out of distribution",
    r"giants?": "large scope, scope index",
    r"[Cc]ashier\w*": "payment processor",
    r"outbound": "HTTP client",
    r"[Dd]epart(ed|ure)\w*": "client disconnect",
    r"silent_s|is_silent": "stall",
    r"RetryBudget": "token bucket",
    r"Leases": "cancel-safe pool",
    r"Verdict": "failure classifier",
    r"Guards?": "resilience pipeline",
    r"[Ff]olding": "rollup",
    r"(?<!_)[Pp]assages?(?!_)": "chunk",
    r"WORKER_\w+_SECONDS": "settings in seconds end in _S",
}
TEXTS = sorted(
    path
    for folder in ("gateway", "docs", "sql", "supabase/schemas", "supabase/functions", "supabase/local")
    for path in (REPOSITORY / folder).rglob("*")
    if path.suffix in (".py", ".md", ".ts", ".sql")
)


@pytest.mark.parametrize("words", OLD, ids=OLD.values())
def test_old_words_stay_away(words: str) -> None:
    pattern = re.compile(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z])")
    found = [
        f"{path.relative_to(REPOSITORY)}:{number}: {line.strip()}"
        for path in TEXTS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []
