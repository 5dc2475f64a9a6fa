"""Numbers as a sheet shows them: percentages, decimals, signs and units, by the format of their cell.

Thousands stay together, since the sign between them depends on the reader's country. What asks for more than that, such
as fractions, powers of ten, conditions or signs between digits, leaves the number as it is.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from math import isfinite

# ECMA-376, part 1, 18.8.30; those of dates are not for numbers.
BUILT_IN = {"1": "0", "2": "0.00", "3": "#,##0", "4": "#,##0.00", "9": "0%", "10": "0.00%"}
BUILT_IN |= {"37": "#,##0;(#,##0)", "38": "#,##0;(#,##0)", "39": "#,##0.00;(#,##0.00)", "40": "#,##0.00;(#,##0.00)"}
LONGEST = 255
MAX_DECIMALS = 10
LARGEST = Decimal(10) ** 15
# Text in quotes, one character, a gap, a currency, a colour, digits, a sign, the end of a section; all else is more.
PIECE = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|[_*].|\[\$(?P<currency>[^\]-]*)[^\]]*\]'
    r"|\[(?:black|blue|cyan|green|magenta|red|white|yellow|color ?\d+)\]"
    r"|(?P<digits>[#0?][#0?,]*(?:\.[#0?]*,*)?|\.[#0?]+,*)|(?P<sign>[-+ ()$€£¥%!&'~])|(?P<end>;)|(?P<more>.)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass
class _Section:
    """How numbers of one kind are shown: `digits` as written in the format, between two texts."""

    before: str = ""
    digits: str = ""
    after: str = ""
    percents: int = 0
    is_plain: bool = True

    def add(self, piece: re.Match[str]) -> None:
        digits = piece["digits"]
        if piece["more"] or (digits and self.digits):
            self.is_plain = False
        elif digits:
            self.digits = digits
        else:
            text = piece["quoted"] or piece["escaped"] or piece["currency"] or piece["sign"] or ""
            self.percents += piece["sign"] == "%"
            if self.digits:
                self.after += text
            else:
                self.before += text

    def shown(self, number: Decimal) -> str | None:
        """A positive number or zero; None where it is to stay as it is."""
        whole, _, decimals = self.digits.rstrip(",").partition(".")
        number = number.scaleb(2 * self.percents - 3 * (len(self.digits) - len(self.digits.rstrip(","))))
        if not self.is_plain or number >= LARGEST or len(decimals) > MAX_DECIMALS:
            return None
        if not self.digits:
            return self.before.strip()
        rounded = number.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
        units, _, rest = f"{rounded:f}".partition(".")
        units = units.lstrip("0").rjust(whole.count("0"), "0")
        rest = rest[: len(decimals.rstrip("#?"))] + rest[len(decimals.rstrip("#?")) :].rstrip("0")
        return f"{self.before}{units}{'.' if rest else ''}{rest}{self.after}".strip()


def shown(value: float, code: str) -> str | None:
    """The number as the format `code` shows it; None where it is to stay as it is."""
    if not isfinite(value):
        return None
    sections = _sections(code)
    kind = 1 if value < 0 and len(sections) > 1 else 2 if value == 0 and len(sections) > 2 else 0
    text = sections[kind].shown(Decimal(f"{abs(value):.15g}"))
    is_negative = value < 0 and kind == 0 and text is not None and any(sign in text for sign in "123456789")
    return f"-{text}" if is_negative else text


@lru_cache(maxsize=1000)
def _sections(code: str) -> list[_Section]:
    sections = [_Section(is_plain=len(code) <= LONGEST)]
    for piece in PIECE.finditer(code[:LONGEST]):
        if piece["end"]:
            sections.append(_Section())
        else:
            sections[-1].add(piece)
    # A condition says which section counts.
    if any(each in code for each in ("[<", "[>", "[=")):
        return [_Section(is_plain=False)]
    return sections
