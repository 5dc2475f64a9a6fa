"""An answer while it is made: its text, the citations of its parts, and what was down."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from gateway.answers.citations import quotation
from gateway.answers.drafts import Statement
from gateway.answers.events import DeltaEvent, DoneEvent, Event, SearchEvent
from gateway.answers.quoting import Quotes, Sentence
from gateway.answers.schemas import NOTHING_FOUND, AnswerResponse, AnswerUsage, Citation, UsedPassage
from gateway.answers.writing import Written
from gateway.resilience.fallback import Degradation
from gateway.search.schemas import SearchResponse

BETWEEN_QUOTES = "\n\n"
CITED = {"kind", "id", "document_id", "title", "file_id", "file_name", "page", "heading_path", "chunk_id"}


class Building:
    """What is said so far."""

    def __init__(self, question: str, passages: Sequence[UsedPassage], search: SearchResponse) -> None:
        """Nothing is said yet about `passages`, which `search` found."""
        self.question = question
        self.passages = list(passages)
        self.search = search
        self.citations: list[Citation] = []
        self.degradations: list[Degradation] = []
        self.is_whole = False
        self._text = ""
        self._is_generated = False
        self._is_cut = False
        self._table: tuple[UUID, UUID | None, str] | None = None
        self._usage = AnswerUsage()

    def lacks(self, missing: Degradation) -> Degradation:
        """Note what was down."""
        self.degradations.append(missing)
        return missing

    def says(self, statement: Statement) -> Iterator[Event]:
        """A model's statement; one without text is another citation of the one before."""
        self._is_generated = True
        if statement.text:
            start = len(self._text) + len(statement.joint)
            part = (start, start + len(statement.text))
            yield self._add(statement.joint + statement.text)
        else:
            part = (self.citations[-1].start, self.citations[-1].end)
        grounds = statement.grounds
        yield self._cite(grounds.passage, grounds.quote, grounds.place, part)

    def ends(self, mark: str) -> Iterator[Event]:
        """The mark at the end of a model's answer."""
        yield self._add(mark)

    def note(self, written: Written) -> None:
        """Note what became of a model's answer."""
        self._usage.prompt_tokens = written.usage.prompt_tokens
        self._usage.completion_tokens = written.usage.completion_tokens
        self._usage.total_tokens = written.usage.prompt_tokens + written.usage.completion_tokens
        self._usage.citations_dropped += written.dropped
        self.is_whole = written.is_whole
        self._is_generated = self._is_generated or written.is_none
        self._is_cut = bool(written.said) and not written.is_whole

    def quoted(self, quotes: Quotes) -> Iterator[Event]:
        """Quotations, but for those that a model has said already; that nothing was found where there is neither."""
        self._usage.sentences = quotes.compared
        for missing in quotes.degradations:
            yield self.lacks(missing)
        known = {(citation.chunk_id, citation.passage_start) for citation in self.citations}
        for sentence in quotes.sentences:
            if (sentence.passage.chunk_id, sentence.span.start) not in known:
                yield from self._quote(sentence)

    def _quote(self, sentence: Sentence) -> Iterator[Event]:
        """A sentence; the first row of a table below its header, and further ones below that."""
        passage, place = sentence.passage, (sentence.span.start, sentence.span.end)
        text = quotation(passage.content, place, passage.context)
        table = (passage.id, passage.file_id, sentence.header) if sentence.header else None
        if self._text:
            yield self._add("\n" if table and table == self._table else BETWEEN_QUOTES)
        shown = f"{sentence.header}\n{text}" if table and table != self._table else text
        self._table = table
        part = (len(self._text), len(self._text) + len(shown))
        yield self._add(shown)
        yield self._cite(passage, text, place, part)

    def begins(self) -> SearchEvent:
        """That the search is done."""
        return SearchEvent(question=self.question, passages=self.passages, complete=self.search.complete)

    def closes(self) -> Iterator[Event]:
        """That nothing was found, where nothing was said: the passages of the search are taken back."""
        if not self._text:
            if self.passages:
                self.passages = []
                yield self.begins()
            yield self._add(NOTHING_FOUND)

    def answer(self) -> AnswerResponse:
        """All of it; times and whether it is degraded are for whoever knows them."""
        return AnswerResponse(
            answer=self._text,
            citations=self.citations,
            passages=self.passages,
            kind="generated" if self._is_generated else "quoted",
            question=self.question,
            grounded=bool(self.citations),
            complete=self.search.complete and not self._is_cut,
            degraded=False,
            degradations=[],
            age_seconds=self.search.age_seconds,
            usage=self._usage,
            took_ms=0,
        )

    @staticmethod
    def replayed(answer: AnswerResponse) -> Iterator[Event]:
        """The events of an answer that was made before."""
        yield SearchEvent(question=answer.question, passages=answer.passages, complete=answer.complete)
        yield from answer.degradations
        yield DeltaEvent(text=answer.answer)
        yield from answer.citations
        yield DoneEvent(answer=answer)

    def _add(self, text: str) -> DeltaEvent:
        self._text += text
        return DeltaEvent(text=text)

    def _cite(self, passage: UsedPassage, quotation: str, place: tuple[int, int], part: tuple[int, int]) -> Citation:
        citation = Citation(
            start=part[0],
            end=part[1],
            passage_start=place[0],
            passage_end=place[1],
            quote=quotation,
            **passage.model_dump(include=CITED),
        )
        self.citations.append(citation)
        return citation
