"""An explanation as text."""

from collections.abc import Iterator

from gateway.search.explanation import Explained, Explanation, Plan, Reason
from gateway.search.schemas import SearchResponse

SENTENCES = {
    Reason.LISTED: "it is result {rank}.",
    Reason.BELOW: "it is below rank {higher}.",
    Reason.FILTERED: "it does not pass {filters}.",
    Reason.OPERATORS: "the query's operators leave it out: {operators}.",
    Reason.PENDING: "it waits to be embedded.",
    Reason.FAILED: "it could not be embedded; its error says why.",
    Reason.NO_MATCH: "it shares no word with the query.",
    Reason.MISSED: "its score is that of a result, and a bound or an approximate index left it out.",
    Reason.UNKNOWN: "there is none with this id that the person may read.",
}


def report(answer: SearchResponse) -> str:
    """The plan, the results and what was asked about, a line each."""
    return "".join(f"{line}\n" for line in _lines(answer))


def _lines(answer: SearchResponse) -> Iterator[str]:
    explanation = answer.explanation
    assert explanation is not None, "the database is asked, and nothing else"
    yield f"{answer.mode} search, {answer.syntax} syntax, {'complete' if answer.complete else 'not complete'}"
    yield from (f"without {missing.dependency}: {missing.reason}" for missing in answer.degradations)
    yield from _plan_lines(explanation.plan)
    yield ""
    titles = {result.id: result.title for result in answer.results}
    yield f"{'rank':>4}  {'score':>6}  {'cosine':>6}  {'bm25':>6}  {'by meaning':>10}  {'by words':>8}"
    for each in explanation.results:
        yield f"{_scores(each)}  {titles[each.id]}"
    yield from _asked_lines(explanation)


def _plan_lines(plan: Plan) -> Iterator[str]:
    yield f"{plan.chunks:,} chunks of {' and '.join(plan.kinds) or 'nothing'}; {plan.candidates:,} candidates ranked"
    if plan.passing_filters is not None:
        yield f"filters: {plan.passing_filters:,} pass"
    if plan.meaning is not None:
        indexes = plan.meaning.scope_indexes + plan.meaning.common_index
        yield (
            f"by meaning ({plan.weight_of_meaning:.2f}): {plan.meaning.method}; {indexes} indexes, "
            f"at most {plan.meaning.comparison_limit:,} chunks compared"
        )
    if plan.words is not None:
        words = ", ".join(f"{term.word} in {term.chunks:,}" for term in plan.words.terms) or "none that counts"
        yield f"by words ({1 - plan.weight_of_meaning:.2f}): {words}; at most {plan.words.posting_limit:,} postings"


def _asked_lines(explanation: Explanation) -> Iterator[str]:
    for each in explanation.ids:
        yield ""
        yield f"{each.id}: {_sentence(each)}"
        if each.score is not None:
            yield _scores(each)


def _sentence(each: Explained) -> str:
    filters = ["`in`: it is of another kind" if name == "in" else f"the filter `{name}`" for name in each.filters]
    said = {name: ", ".join(found) for name, found in (("filters", filters), ("operators", each.operators))}
    return SENTENCES[each.reason].format(rank=each.rank, higher=each.higher, **said)


def _scores(each: Explained) -> str:
    rank = "" if each.rank is None else f"{each.rank}"
    parts = "  ".join("     -" if part is None else f"{part:6.3f}" for part in (each.score, each.cosine, each.bm25))
    places = [("-" if place is None else f"{place}") for place in (each.meaning_rank, each.words_rank)]
    return f"{rank:>4}  {parts}  {places[0]:>10}  {places[1]:>8}"
