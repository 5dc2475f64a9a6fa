"""Believable short texts in any number, made from the sentences of the seed's documents."""

import random
import re

from gateway.local.paths import REPOSITORY

DOCUMENTS = REPOSITORY / "supabase" / "seed" / "documents"
TOPICS = ("Ticket", "Shift note", "Question", "Reminder", "Correction", "Follow-up")


def short_texts(count: int, seed: int = 1) -> list[tuple[str, str]]:
    """`count` different titles and texts of one or two sentences, 20 to 40 tokens together."""
    sentences = _sentences()
    generator = random.Random(seed)
    texts = []
    for number in range(count):
        title = f"{generator.choice(TOPICS)} {number + 1}"
        content = generator.choice(sentences)
        while len(content.split()) < 16:
            content = f"{content} {generator.choice(sentences)}"
        texts.append((title, content))
    return texts


def _sentences() -> list[str]:
    prose = [
        line
        for path in sorted(DOCUMENTS.rglob("*.md"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line[:1].isalpha() and ":" not in line
    ]
    found = {sentence.strip() for line in prose for sentence in re.split(r"(?<=[.!?])\s+", line)}
    return sorted(sentence for sentence in found if 6 <= len(sentence.split()) <= 26 and sentence.endswith("."))
