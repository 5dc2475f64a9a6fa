"""What models think before they answer, which some write into their text, and what they say before a question.

Thoughts stand between tags, or end with a tag where the endpoint has written the first one itself. They are neither
said nor searched for. A tag in backticks is spoken of.
"""

import re

_NAMES = "think|thinking|thought|thoughts|reasoning|seed:think"
_CHANNEL = r"(?:<\|start\|>assistant)?<\|channel\|>"
BEGIN = rf"(?<!`)(?:<(?:{_NAMES})>|\[think\]|\u25c1think\u25b7|{_CHANNEL}analysis<\|message\|>)"
END = rf"(?<!`)(?:</(?:{_NAMES})>|\[/think\]|\u25c1/think\u25b7|(?:<\|end\|>)?{_CHANNEL}final<\|message\|>)"
LONGEST_TAG = 64
"""Characters: a tag may be cut between two pieces of a text."""
_BEGIN, _END = (re.compile(tag, re.IGNORECASE) for tag in (BEGIN, END))
_IN_QUOTES = re.compile(
    r"[^:\n]{0,80}:\s*[\"\u201c\u201e\u00ab\u300c](.+)[\"\u201d\u201c\u00bb\u300d][\s.]*", re.DOTALL
)
_ANNOUNCED = re.compile(r"[^\n]{0,80}:[ \t]*\n\s*(.+)", re.DOTALL)


def without_thoughts(text: str) -> str:
    """What stands behind the last thought; nothing where that has no end."""
    said = _END.split(text)[-1]
    return _BEGIN.split(said)[0]


def question_in(text: str) -> str:
    """The question that a model was asked to write, without its thoughts and what announces it."""
    said = without_thoughts(text).strip()
    for announced in (_IN_QUOTES, _ANNOUNCED):
        match = announced.fullmatch(said)
        if match:
            return match[1].strip()
    return said
