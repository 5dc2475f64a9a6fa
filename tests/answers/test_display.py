"""What of a model's text is shown."""

import pytest

from gateway.answers.display import shown


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("[here](https://evil.example) and ![x](//evil.example/y) there", "here and  there"),
        ("as [there][b]\n[b]: https://evil.example 'x'\n[c]: y", "as there\n\n"),
        ("see www.evil.example or me@evil.example now", "see  or  now"),
        ("evil.example/steal?q=1 and evil.com", " and "),
        ("<b>Bold</b> if a <b or less", "Bold if a < b or less"),
        ("if x<y stop; (a<b && c>d), 5 < 6", "if x< y stop; (a< b && c>d), 5 < 6"),
        ("Map<String, Order> <scr<b>ipt>alert(1)</script>", "Map< String, Order> < script>alert(1)"),
        ('<img src=x onerror="alert(1)"><!-- x --><IFRAME\nsrc=y>z', "z"),
        ("a\u202eb\u200bc\U000e0041", "abc"),
        ("a 1.5 m mast, e.g. this. And/or that.", "a 1.5 m mast, e.g. this. And/or that."),
    ],
)
def test_what_a_model_writes_is_shown_without_links_and_markup(said: str, text: str) -> None:
    assert shown(said) == text


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("Ask Desk@Harbour.example or book at booking.com.", "Ask Desk@Harbour.example or book at booking.com."),
        ("[Booking.com](https://evil.example) or other.com", "Booking.com or "),
        ("See https://booking.com, www.booking.com and booking.com/steal?q=1", "See   and "),
        ("mailto:desk@harbour.example desk@harbour.example.evil.com", " "),
    ],
)
def test_a_name_that_stands_in_the_passage_stays_as_text(said: str, text: str) -> None:
    assert shown(said, "Write to desk@harbour.example, or by Booking.com: https://booking.com/steal?q=1") == text
