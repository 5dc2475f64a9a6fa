"""Messages that ask nothing: `thanks!`, `ok`, or words that mean nothing without others, such as `who`.

Known are the words of the languages whose names of months are known (quantities.py). What is in doubt is a question.
"""

import re

_WORDS = re.compile(r"[^\W\d_]+")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What is said to somebody who has answered, or is greeted.
_COURTESIES = _set(
    "thanks thank thx ty ok okay okey k great good nice cool perfect awesome excellent fine sure yes yeah yep right "
    "alright understood got hello hi hey bye goodbye cheers welcome please wonderful "
    "danke dankeschön bitte gut super prima toll klar verstanden ja hallo tschüss okey alles "
    "merci parfait bien compris oui bonjour salut revoir "
    "gracias vale perfecto bueno entendido sí hola adiós genial claro "
    "obrigado obrigada perfeito entendi sim olá tchau beleza ótimo "
    "grazie perfetto bene capito sì ciao ottimo va "
    "bedankt dank dankjewel prima goed begrepen hoi dag "
    "tak tack takk fint bra perfekt godt forstået förstått forstått hej hei"
)
# Articles, pronouns, prepositions, and forms of "to be" and "to have".
_FILLERS = _set(
    "a an the this that these those it its i me my you your he she we us our they them and or but so of to in on at by "
    "for from with as is are was were be been do does did have has had very much many a lot again then now "
    "der die das ein eine einen und oder aber ist sind war ich du er sie es wir ihr mir dir von zu mit für sehr viel "
    "vielen "
    "le la les un une des et ou mais est sont je tu il elle nous vous de du à avec pour très beaucoup au "
    "el los las una y o pero es son yo él ella de con para muy mucho muchas muchos "
    "os as um uma e mas são eu ele ela com muito muita "
    "lo gli uno ed ma sono io lui lei di con per molto molte mille "
    "de het een en maar zijn ik jij hij zij wij van met voor heel zeer veel je u "
    "den det ett og och men er är jag jeg du han hun hon vi av af med til till så mange tusen"
)
_QUESTION_WORDS = _set(
    "who whom whose what which when where why how wer wen wem was welche welcher welches wann wo warum wie qui que "
    "quoi quel quelle quand où pourquoi comment quién qué cuál cuándo dónde cómo quem qual quando onde como chi che "
    "cosa quale dove perché come wie wat welke wanneer waar waarom hvem hvad hva hvornår når hvor hvorfor vem vad när "
    "var varför hur"
)


def is_courtesy(message: str) -> bool:
    """Whether a message in a conversation asks nothing more."""
    return _has_only(message, _COURTESIES)


def asks_nothing(question: str) -> bool:
    """Whether a question that stands alone asks nothing."""
    return _has_only(question, _COURTESIES | _QUESTION_WORDS)


def _has_only(text: str, known: frozenset[str]) -> bool:
    """Whether it has words, and all are `known` or fillers. What is written in capitals may be a name: IT, US."""
    words = _WORDS.findall(text)
    return bool(words) and not re.search(r"\d", text) and all(_is_one_of(word, known) for word in words)


def _is_one_of(word: str, known: frozenset[str]) -> bool:
    is_name = len(word) > 1 and word.isupper()
    return word.casefold() in known or (word.casefold() in _FILLERS and not is_name)
