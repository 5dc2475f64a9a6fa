"""Whether a model reads a script: what its tokenizer does not know, or only spells, is next to nothing to it."""

from itertools import groupby

from tokenizers import Tokenizer

# Of the letters of a text. Latin languages have none of these in the default model's tokenizer, Russian 0.76, Korean
# 1.0 and Chinese 0.7 to 0.8, where it knows some characters.
MAX_UNREAD = 1 / 3


def is_read(tokenizer: Tokenizer, text: str) -> bool:
    """Whether most letters of `text` are in words that the tokenizer knows, whole or by pieces of several letters."""
    if text.isascii():
        return True
    encoding = tokenizer.encode(text, add_special_tokens=False)
    unknown = getattr(tokenizer.model, "unk_token", None)
    letters = unread = 0
    pieces = zip(encoding.word_ids, encoding.tokens, encoding.offsets, strict=True)
    for _, group in groupby(pieces, key=lambda piece: piece[0]):
        word = list(group)
        tokens = [token for _, token, _ in word]
        count = sum(map(str.isalpha, text[word[0][2][0] : word[-1][2][1]]))
        letters += count
        is_spelled = len(tokens) > 1 and all(len(token.removeprefix("##")) == 1 for token in tokens)
        if unknown in tokens or is_spelled:
            unread += count
    return unread <= MAX_UNREAD * letters
