"""Turns shouted titles into readable Portuguese."""

import re

from balcao.domain.ente import UFS
from balcao.domain.portuguese import STOP_WORDS

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ROMAN = re.compile(r"(?=[IVXLC])(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_VOWELS = re.compile(r"[AEIOUÁÂÃÀÉÊÍÓÔÕÚÜ]")
_SMALL = STOP_WORDS | {
    "n", "nº", "outras", "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro",
    "outubro", "novembro", "dezembro",
}  # fmt: skip
_ACRONYMS = frozenset(
    """ANA ANPD ANATEL ANEEL CADE CEP CGU CIPA CND CNAE CNPJ CPF CRAS CREAS CTN DOU FGTS FUNDEB IBGE ICMS INSS IPI IPTU
    IPVA IRRF ISS ISSQN ITBI ITCMD LAI LDO LGPD LOA LOAS MEI MPV OAB PPA PREVI PROCON RPPS SAMU SUAS SUS TCE TCU UBS UPA
    URV""".split()
)
_CAPITALS_SHARE = 0.8


def readable_case(title: str) -> str:
    """A title in capitals in title case, but for acronyms, states and Roman numerals; any other title unchanged."""
    letters = [char for char in title if char.isalpha()]
    capitals = sum(char.isupper() for char in letters)
    if not letters or capitals < _CAPITALS_SHARE * len(letters):
        return title
    return _WORD.sub(lambda match: _word(match, title), title)


def _word(match: re.Match[str], title: str) -> str:
    word = match[0]
    before = title[: match.start()].rstrip(" ")[-1:]
    if word in _ACRONYMS or (word in UFS and before in ("/", "-", "–", "(")):
        return word
    if word.lower() in _SMALL:
        return word.lower() if match.start() else word.capitalize()
    if _ROMAN.fullmatch(word) or (len(word) > 1 and not _VOWELS.search(word)):
        return word
    return "-".join(part if part.lower() in _SMALL else part.capitalize() for part in word.lower().split("-"))
