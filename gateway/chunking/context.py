"""The context of a chunk: what stands further up in the text and without which the chunk is not understood.

The header rows of its table, the first line of its code fence, the sentence that leads to its list, the first line of
the item that it is in.
"""

from gateway.chunking.outline import Kind, Outline
from gateway.chunking.packing import SENTENCE

MAX_CHARACTERS = 1000
# Of a part that is not a table's header.
MAX_LINE_CHARACTERS = 200


def context_of(content: str, outline: Outline, start: int) -> str:
    """The context of the chunk that begins at `start`, parts that are nearest to it first where all are too much."""
    parts: list[str] = []
    room = MAX_CHARACTERS
    inner = start
    for kind, begin, end in outline.context_at(start):
        # The paragraph above a list can be the first line of the item around it.
        part = _part(content, kind, begin, end) if begin < inner else ""
        if part and len(part) <= room:
            parts.insert(0, part)
            room -= len(part)
        inner = begin
    return "\n".join(parts)


def _part(content: str, kind: Kind, start: int, end: int) -> str:
    if kind != Kind.LEAD:
        most = MAX_CHARACTERS if kind == Kind.HEADER else MAX_LINE_CHARACTERS
        return content[start : min(end, start + most)].strip()
    text = content[max(start, end - MAX_CHARACTERS) : end].strip()
    starts = [match.end() for match in SENTENCE.finditer(text) if match.end() < len(text)]
    return text[starts[-1] if starts else 0 :][-MAX_LINE_CHARACTERS:].strip()
