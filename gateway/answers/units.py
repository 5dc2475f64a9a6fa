"""The unit that a number is written with, under one name for its symbol and its words.

Only units that are known are told apart: another one, or none, may be any.
"""

import re

# Longer ones first: m/s is no m. Symbols are written as they are, words in any case.
_BEHIND = {
    "m/s": r"m/s\b|(?i:met(?:er|re)s? (?:per|a) second\b|meter pro sekunde\b|mètres? par seconde\b)",
    "km/h": r"km/h\b|kph\b|(?i:kilomet(?:er|re)s? (?:per|an) hour\b|kilometer pro stunde\b|kilomètres?[ -]heure\b)",
    "mph": r"mph\b|(?i:miles? (?:per|an) hour\b)",
    "kn": r"kn\b|(?i:knots?\b|knoten\b|nœuds?\b)",
    "km": r"km\b|(?i:kilom[eè]t(?:er|re|ro)s?\b)",
    "cm": r"cm\b|(?i:centim[eèé]t(?:er|re|ro)s?\b|zentimeter\b)",
    "mm": r"mm\b|(?i:mil+im[eèé]t(?:er|re|ro)s?\b)",
    "m": r"m\b|(?i:m[eè]t(?:er|re|ro)s?n?\b)",
    "mile": r"(?i:miles?\b|meilen?\b)",
    "foot": r"ft\b|(?i:f(?:oo|ee)t\b)",
    "kg": r"kg\b|(?i:kilo(?:gram(?:me|m)?)?s?\b)",
    "mg": r"mg\b|(?i:mil+igram(?:me|m)?s?\b)",
    "g": r"g\b|(?i:gram(?:me|m)?s?\b)",
    "t": r"t\b|(?i:tonn?(?:e|en|es|s)\b)",
    "ml": r"m[lL]\b|(?i:mil+ilit(?:er|re|ro)s?\b)",
    "l": r"[lL]\b|(?i:lit(?:er|re|ro)s?n?\b)",
    "ms": r"ms\b|(?i:millisecond(?:e|o)?s?\b)",
    "s": r"s\b|(?i:sec(?:s|onds?)?\b|se[gk]und(?:e|en|os)\b|secondes?\b)",
    "min": r"min\b|(?i:minut(?:e|es|en|os|i|er)\b)",
    "h": r"h\b|(?i:hours?\b|hrs?\b|stunden?\b|heures?\b|horas?\b|ore\b|uren\b)",
    "day": r"(?i:days?\b|tag(?:e|en)?\b|jours?\b|d[ií]as?\b|giorn[oi]\b|dag(?:en|ar|e)?\b)",
    "week": r"(?i:weeks?\b|wochen?\b|semaines?\b|semanas?\b|settiman[ae]\b|we[ek]+en\b)",
    "month": r"(?i:months?\b|monat(?:e|en)?\b|mois\b|mes(?:es)?\b|m[eê]s\b|mes[ei]\b|maanden\b)",
    "year": r"(?i:years?\b|jahr(?:e|en)?\b|ans?\b|années?\b|años?\b|anos?\b|ann[oi]\b|jaar\b|år\b)",
    "%": r"%|(?i:per ?cent\b|prozent\b|pour ?cent\b|por ciento\b|procent\b)",
    "°C": r"°\s?C\b|(?i:degrees? celsius\b)",
    "°F": r"°\s?F\b|(?i:degrees? fahrenheit\b)",
    "kWh": r"kWh\b",
    "kW": r"kW\b",
    "€": r"€|EUR\b|(?i:euros?\b)",
    "$": r"\$|USD\b|(?i:dollars?\b)",
    "£": r"£|GBP\b|(?i:pounds? sterling\b)",
}
_UNIT = re.compile(r"[\s\u00a0-]?(?:" + "|".join(f"({pattern})" for pattern in _BEHIND.values()) + ")")
_NAMES = tuple(_BEHIND)
_BEFORE = re.compile(r"(?:(€|EUR)|(\$|USD)|(£|GBP))\s?$")


def unit_of(number: re.Match[str]) -> str | None:
    """The unit behind the number, or the currency before it; None for none that is known."""
    behind = _UNIT.match(number.string, number.end())
    if behind is not None:
        return _NAMES[(behind.lastindex or 1) - 1]
    before = _BEFORE.search(number.string, max(0, number.start() - 5), number.start())
    return None if before is None else "€$£"[(before.lastindex or 1) - 1]
