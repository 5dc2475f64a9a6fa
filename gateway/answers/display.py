"""What of a model's text is shown: no links, no markup of pages, no signs that cannot be seen."""

import re
import unicodedata

_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
# Where a link leads, on a line of its own: [b]: https://…
_REFERENCE = re.compile(r"(?m)^[ ]{0,3}\[[^\]\n]+\]:[ \t]*\S*(?:[ \t]+[\"'(].*)?$")
# What a client may make a link of: an address, and a name that is like one.
_ADDRESS = re.compile(
    r"(?i)\b(?:[a-z][a-z0-9+.-]{1,20}://|(?:mailto|javascript|data|tel|vbscript):)\S*|\bwww\.\S+"
    r"|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,24}(?:/\S*)"
)
_NAME = re.compile(
    r"(?i)\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|io|dev|app|info|biz|co|ru|cn|xyz|top|site|online|example|test)\b"
)
_TAGS = (
    "a|abbr|article|aside|audio|b|base|blockquote|body|br|button|canvas|center|code|dd|details|div|dl|dt|em|embed|"
    "figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|li|link|main|math|meta|nav|noscript|object|"
    "ol|option|p|pre|q|s|script|section|select|small|source|span|strong|style|sub|summary|sup|svg|table|tbody|td|"
    "template|textarea|th|thead|title|tr|u|ul|video"
)
_ATTRIBUTE = r"\s+[a-zA-Z_:][\w:.-]*(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>=]+))?"
# Other words between < and > are not pages': a comparison, a type.
_TAG = re.compile(rf"(?i)</?(?:{_TAGS})(?:{_ATTRIBUTE}){{0,20}}\s*/?>|<[!?][^<>]{{0,500}}>")
_OPENING = re.compile(r"<(?=[a-zA-Z/!?])")
_KEPT = "\n\t\u200c\u200d"  # joiners: emoji, and languages such as Persian, need them


def shown(text: str, given: str = "") -> str:
    """The text without links, markup of pages and signs that cannot be seen.

    An e-mail address or a name such as Booking.com stays, as text, where it stands in what is `given` to the model. A <
    that a page would take for the beginning of a tag is set off by a space: what it compares stays.
    """
    known = {name.casefold() for name in _NAME.findall(given)}
    text = _TAG.sub("", _LINK.sub(r"\1", _IMAGE.sub("", _REFERENCE.sub("", text))))
    text = _NAME.sub(lambda name: name[0] if name[0].casefold() in known else "", _ADDRESS.sub("", text))
    text = _OPENING.sub("< ", text)
    return "".join(sign for sign in text if sign in _KEPT or unicodedata.category(sign) not in ("Cc", "Cf", "Co", "Cs"))
