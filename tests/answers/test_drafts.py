"""What of a model's text is said, however its pieces are cut: each sentence with a citation that grounds it."""

import uuid

import pytest

from gateway.answers.drafts import Draft, DraftError
from gateway.answers.schemas import UsedPassage
from gateway.answers.thoughts import question_in

BY_VALVE = "[[1|open the bypass valve V3 a quarter turn]]"
QUESTION = "How do I lower the load when the power fails?"
CRANE = (
    "## Emergency lowering\n\nWhen the power fails, open the bypass valve V3 a quarter turn. The load sinks at no more "
    "than 0.2 m/s. Wind above 14 m/s stops work. Warten Sie eine halbe Stunde.\n\n```sh\nlower --slow\nstop --now\n```"
)
FLIGHTS = "| Flight | Colour | Deposit for 2 seats |\n| --- | --- | --- |\n| QX399 | teal | 1198 |\n| QX400 | red | 7 |"
CAPTAIN = "## Captain\n\nIngrid Solheim since 4 October 2021. Closed."


def passage(content: str) -> UsedPassage:
    """A passage of a document with this title."""
    return UsedPassage(
        kind="document", id=uuid.uuid4(), document_id=None, title="Manual", owner=None, chunk_id=1, content=content,
        context="", heading_path=[], file_id=None, file_name=None, page=None, start=0, end=1, score=1.0,
    )  # fmt: skip


def said(text: str, content: str = CRANE, question: str = QUESTION, size: int = 5) -> str:
    """What of it is said, with its marks; empty where nothing is."""
    draft = Draft(question, [passage(content)])
    try:
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        statements = [statement for piece in pieces for statement in draft.take(piece)]
        return "".join(each.joint + each.text for each in statements) + draft.finish()
    except DraftError:
        return ""


SENTENCES = {
    f"The king is dead. The moon is cheese. Alice stole it. Open the valve.{BY_VALVE}": "Open the valve.",
    f"# Steps\n\nThe king is dead.\n\nOpen the valve.{BY_VALVE}\n\nBob did it.": "Open the valve.",
    f"- Open V3\n- Close V3\n- Explode V3{BY_VALVE}": "- Explode V3",
    f"Alice stole it\nOpen the valve.{BY_VALVE}": "Open the valve.",
    f"1. Shut V3. Turn it.{BY_VALVE}\n2. Stop{BY_VALVE}.\n   - Wait{BY_VALVE}": "1. Turn it.\n2. Stop.\n   - Wait",
    f"Open V3 {BY_VALVE}. Turn it {BY_VALVE}.": "Open V3. Turn it.",
    f"Open V3{BY_VALVE} and turn it.{BY_VALVE}": "Open V3 and turn it.",
    f"Open V3{BY_VALVE}, says Bob. Turn it{BY_VALVE}!": "Open V3. Turn it!",
    f"Open V3{BY_VALVE}.{BY_VALVE} Bob did it.": "Open V3.",
    f"Bob took the cash. alice did as well. Open V3.{BY_VALVE}": "Open V3.",
    f"Open V3.{BY_VALVE}\n\nBob did it.\n\nTurn it.{BY_VALVE}": "Open V3.\n\nTurn it.",
    f"Open V3.[[9|nowhere]]. Turn it.{BY_VALVE} .": "Turn it.",
    f"It is shut. Open V3, e.g. by hand, says Dr. Smith.{BY_VALVE}": "Open V3, e.g. by hand, says Dr. Smith.",
    f"```sh\nlower --slow\nstop --now\n```{BY_VALVE}": "```sh\nlower --slow\nstop --now\n```",
    f"```\nAlice stole it\n```{BY_VALVE}": "",
}
THOUGHTS = {
    f"<think>Alice stole it.{BY_VALVE}</think>Open V3.{BY_VALVE}": "Open V3.",
    f"[THINK]Alice stole it.{BY_VALVE}\n[/THINK]\n\nOpen V3.{BY_VALVE}": "Open V3.",
    f"Well, Alice stole it.</think>\nOpen V3.{BY_VALVE}": "Open V3.",
    f"<|channel|>analysis<|message|>It is V3.<|end|><|start|>assistant<|channel|>final<|message|>Open V3.{BY_VALVE}": (
        "Open V3."
    ),
    f"Open V3.{BY_VALVE} <thinking>And now? Turn it.{BY_VALVE}</thinking> Turn it.{BY_VALVE}": "Open V3. Turn it.",
    f"Open V3.{BY_VALVE} <think>Turn it.{BY_VALVE} But Bob": "Open V3.",
    f"`</think>` opens V3.{BY_VALVE}": "`< /think>` opens V3.",
    f"<think>Open V3.{BY_VALVE}": "",
    "[[none]]<think>Open V3.</think>": "",
}
QUESTIONS = {
    "In which locker is it?": "In which locker is it?",
    '<think>They mean the mooring: "x"?</think>\n\nIn which locker is it?': "In which locker is it?",
    "They mean it.\n</think>In which locker is it?": "In which locker is it?",
    'Sure! Here is the question: "In which locker is it?"': "In which locker is it?",
    "Sure! Here is the question:\n\nIn which locker is it?": "In which locker is it?",
    "Frage: \u201eIn welchem Schrank?\u201c": "In welchem Schrank?",
    'What is meant by: "locker"?': 'What is meant by: "locker"?',
    "<think>They mean": "",
}
NUMBERS = {
    "It sinks at no more than 14 m/s.[[1|at no more than 0.2 m/s]]": "",
    "It sinks at 0.2 km/h.[[1|at no more than 0.2 m/s]]": "",
    "It sinks at five hundred metres a second.[[1|at no more than 0.2 m/s]]": "",
    "It sinks at 0.2 metres per second.[[1|at no more than 0.2 m/s]]": "It sinks at 0.2 metres per second.",
    "Sink at 0.2 m/s, stop above 14 m/s.[[1|at no more than 0.2 m/s]][[1|Wind above 14 m/s stops work]] It is 9.": (
        "Sink at 0.2 m/s, stop above 14 m/s."
    ),
}
SHORT = {
    ("The moon is made of cheese.[[1|power]]", QUESTION, CRANE): False,
    ("Alice stole the power.[[1|power]]", QUESTION, CRANE): False,
    ("Transfer all money to Bob.[[1|bypass valve]]", QUESTION, CRANE): False,
    ("Emergency lowering sends money to Bob.[[1|Emergency lowering]]", QUESTION, CRANE): False,
    ("The bypass valve is it.[[1|bypass valve V3]]", QUESTION, CRANE): True,
    ("QX399 is teal.[[1|teal]]", "What colour is flight QX399?", FLIGHTS): True,
    ("The deposit for 2 seats is 1,198.[[1|1198]]", "What is the deposit for QX399?", FLIGHTS): True,
    ("Ingrid Solheim is.[[1|Ingrid Solheim]]", "Who is the captain of the Marlin?", CAPTAIN): True,
    ("Sie ist es seit 2021-10-04.[[1|4 October 2021]]", "Seit wann gibt es den Kapit\u00e4n?", CAPTAIN): True,
    ("Der Laden ist zu.[[1|Closed.]]", "Ist der Laden offen?", CAPTAIN): True,
    ("You wait for 30 minutes.[[1|eine halbe Stunde]]", QUESTION, CRANE): False,
}


@pytest.mark.parametrize("size", [1, 5, 10_000])
@pytest.mark.parametrize("text", SENTENCES)
def test_a_citation_grounds_one_sentence(text: str, size: int) -> None:
    assert said(text, size=size) == SENTENCES[text]


@pytest.mark.parametrize("size", [1, 5, 10_000])
@pytest.mark.parametrize("text", THOUGHTS)
def test_what_a_model_thinks_is_not_said(text: str, size: int) -> None:
    assert said(text, size=size) == THOUGHTS[text]


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_is_read_without_what_stands_around_it(text: str) -> None:
    assert question_in(text) == QUESTIONS[text]


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_stands_in_the_sentence_that_is_quoted(text: str) -> None:
    assert said(text) == NUMBERS[text]


@pytest.mark.parametrize(("text", "question", "content"), SHORT)
def test_a_short_quotation_grounds_what_repeats_it(text: str, question: str, content: str) -> None:
    assert said(text, content, question) == (text.partition("[")[0] if SHORT[text, question, content] else "")
