"""The headings above a place of a text."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from gateway.chunking.blocks import Heading

NOT_SPACE = re.compile(r"\S")


def heading_paths(content: str, headings: Sequence[Heading], starts: Iterable[int]) -> Iterator[tuple[str, ...]]:
    """For chunks that begin at `starts` (ascending), the headings above each, outermost first.

    Headings that a chunk itself begins with are above its text, so they count.
    """
    path: list[Heading] = []
    upcoming = deque(headings)
    for start in starts:
        reach = start
        while upcoming and not NOT_SPACE.search(content, reach, upcoming[0].start):
            heading = upcoming.popleft()
            path = [*(above for above in path if above.level < heading.level), heading]
            reach = max(reach, heading.end)
        yield tuple(heading.text for heading in path)
