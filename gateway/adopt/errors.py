"""Why an application cannot be adopted, as one sentence that says what is missing."""


class AdoptError(Exception):
    """Nothing was written; the text is the sentence."""


class AmbiguousError(AdoptError):
    """More than one answer is possible, and one question decides."""

    def __init__(self, question: str, choices: list[str]) -> None:
        """`choices` are what `--entry` takes."""
        super().__init__(f"{question} Name one with --entry: {', '.join(choices)}.")
        self.question = question
        self.choices = choices
