"""Tokens of a text, counted once: where each begins, so that the length of any part is a subtraction.

It is exact for a part that begins and ends where the tokenizer separates words anyway. The tokenizer of BERT separates
at spaces, punctuation and Chinese characters (Devlin et al. 2018, tokenization.py). A part that does not is measured
again by itself.
"""

import re
from array import array
from bisect import bisect_left, bisect_right

import numpy as np
from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from gateway.chunking.clock import CuttingClock

# Characters that are tokenized at once: some 10 ms, 0.1 s of the worst.
WINDOW = 16_384
# So far back from the end of a window a place to separate is looked for.
LONGEST_WORD = 512
# What stands alone whatever is beside it. Control characters are no spaces here: the tokenizer drops them.
SEPARATOR = re.compile(
    r"[ \t\n\r!-/:-@\[-`{-~\u00a0\u2000-\u200a\u2028\u2029\u3000-\u3002\uff01\uff0c\uff0e\uff1a\uff1b\uff1f"
    r"\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff"
    r"\U00020000-\U0002a6df\U0002a700-\U0002b81f\U0002b920-\U0002ceaf\U0002f800-\U0002fa1f]"
)


class Measure:
    """Lengths in tokens of parts of one text."""

    def __init__(self, content: str, tokenizer: Tokenizer, clock: CuttingClock) -> None:
        """Tokenize the text. UncuttableError, AbandonedError by the clock."""
        self._content = content
        self._tokenizer = tokenizer
        self._separates = isinstance(tokenizer.pre_tokenizer, BertPreTokenizer)
        self._starts: array[int] = array("i")
        self._torn: array[int] = array("i")  # ends of windows in the middle of a word
        start = 0
        while start < len(content):
            clock.check()
            end = self._window_end(start)
            encoding = tokenizer.encode(content[start:end], add_special_tokens=False)
            offsets = np.fromiter((begin for begin, _ in encoding.offsets), np.intc, len(encoding))
            self._starts.frombytes((offsets + start).astype(np.intc).tobytes())
            start = end

    def reach(self, start: int, tokens: int) -> int:
        """The furthest place to which the part from `start` has at most so many tokens, as far as is known."""
        beyond = bisect_left(self._starts, start) + tokens
        return self._starts[beyond] if beyond < len(self._starts) else len(self._content)

    def count(self, start: int, end: int) -> int:
        """Tokens of the part from `start` to before `end`."""
        if self.separates(start) and self.separates(end) and not self._is_torn(start, end):
            return bisect_left(self._starts, end) - bisect_left(self._starts, start)
        return len(self._tokenizer.encode(self._content[start:end], add_special_tokens=False))

    def separates(self, place: int) -> bool:
        """Whether the tokenizer takes apart what stands before and after `place`."""
        if place in (0, len(self._content)):
            return True
        return self._separates and SEPARATOR.search(self._content, place - 1, place + 1) is not None

    def _is_torn(self, start: int, end: int) -> bool:
        return bisect_left(self._torn, end) > bisect_right(self._torn, start)

    def _window_end(self, start: int) -> int:
        end = start + WINDOW
        if end >= len(self._content):
            return len(self._content)
        for place in range(end, end - LONGEST_WORD, -1):
            if self.separates(place):
                return place
        self._torn.append(end)
        return end
