"""Tables of the documentation that a run writes, each between two comments of its page."""

import re
from collections.abc import Sequence

from gateway.local.paths import REPOSITORY
from tests.chaos.faults import all_faults
from tests.chaos.judging import Observation
from tests.chaos.load import Outcome
from tests.chaos.watching import Watched

DOCS = REPOSITORY / "docs"
CHAOS, ALERTS = "make chaos", "make chaos-alerts"
GROUPS = {
    "repeated searches": ("search, asked before", "search, nobody's"),
    "new searches": ("search, new words",),
    "answers": ("answers", "answers, streamed", "chat", "chat, streamed"),
    "recommendations": ("recommendations, one's own", "recommendations, nobody's"),
    "MCP": ("MCP, search", "MCP, one's orders"),
}
OTHERS = "others"


def write_table(page: str, name: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Replace what stands in `page` between the comments called `name`."""
    path = DOCS / page
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    text, replaced = re.subn(
        f"({re.escape(begin)}\n).*?(\n{re.escape(end)})",
        lambda found: f"{found[1]}\n{table}\n{found[2]}",
        path.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    assert replaced == 1, f"{path} has no place for {name}"
    path.write_text(text, encoding="utf-8")


def write_chaos(outcomes: Sequence[Outcome]) -> None:
    """The table of docs/resilience.md."""
    head = ["fault", *GROUPS, OTHERS, "longest answer", "full quality after", "rate", "strain"]
    write_table("resilience.md", CHAOS, head, [row_of(outcome) for outcome in outcomes])


def write_alerts(seen: Sequence[Watched]) -> None:
    """The table of docs/observability.md, in the order of the faults."""
    order = [fault.name for fault in all_faults()]
    rows = [
        [
            each.fault,
            f"`{each.alert}`",
            "never" if each.after_s is None else f"{each.after_s:.0f} s",
            ", ".join(f"`{name}`" for name in each.others) or "none",
            f"{each.strain:.1f}",
        ]
        for each in sorted(seen, key=lambda each: order.index(each.fault))
    ]
    write_table("observability.md", ALERTS, ["fault", "its alert", "after", "others", "strain"], rows)


def row_of(outcome: Outcome) -> list[str]:
    """One fault: of each group of routes how many answers were full, degraded and refused."""
    grouped = {name for names in GROUPS.values() for name in names}
    groups = [[each for each in outcome.observations if each.route.name in names] for names in GROUPS.values()]
    groups.append([each for each in outcome.observations if each.route.name not in grouped])
    recovered = "never" if outcome.recovered_s is None else f"{outcome.recovered_s:.1f} s"
    return [
        outcome.fault.name,
        *(counts(group) for group in groups),
        f"{max(each.worst_s for each in outcome.observations):.2f} s",
        recovered,
        "1" if outcome.pace == 1 else f"1/{outcome.pace:g}",
        f"{outcome.strain:.1f}",
    ]


def counts(group: Sequence[Observation]) -> str:
    """Of some routes how many answers were full, degraded and refused, or that all were full."""
    kinds = [sum(each.kinds()[kind] for each in group) for kind in ("200", "degraded", "503")]
    return " / ".join(map(str, kinds)) if any(kinds[1:]) else "all full"
