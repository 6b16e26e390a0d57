"""Portuguese words as search sees them: folded, without stop words, reduced to a light stem.

The stemmer only folds inflection (plural, gender, the commonest verb and noun endings). It serves the offline
adapters and excerpts; the lexical index uses PostgreSQL's Snowball stemmer.
"""

import re
import unicodedata
from functools import lru_cache

STOP_WORDS = frozenset(
    """a à agora ainda além algum alguma ante ao aos aquela aquele aqueles aquelas aquilo as às até através cada
    com como contra cujo cuja da das de dela dele deles delas desde desta deste disso disto do dos e é ela elas
    ele eles em entre era eram essa essas esse esses esta está estão estas este estes estou eu foi foram for
    fosse há isso isto já lá lhe lhes mais mas me mediante mesmo meu meus minha minhas muito muita muitos na nas
    não nem no nos nós nosso nossa num numa o os ou onde para pela pelas pelo pelos per perante pode podem por
    porque pra qual quais qualquer quando quanto quanta quantos quantas que quem quê são se seja sejam sem sendo
    ser será serão seu seus sob sobre sua suas só tal também tem têm tenho ter teu todo toda todos todas tu tua
    um uma umas uns você vocês vai vão vez""".split()
)

_WORD = re.compile(r"[^\W_]+")
_MAYBE_COMBINING = re.compile("[\u0300-\U0010ffff]")  # the first of them is U+0300
_ENDINGS = (
    ("coes", "cao"), ("soes", "sao"), ("oes", "ao"), ("aes", "ao"), ("aos", "ao"), ("ais", "al"), ("eis", "el"),
    ("ois", "ol"), ("ns", "m"), ("res", "r"), ("zes", "z"),
)  # fmt: skip
_SUFFIXES = sorted(
    """amentos amento imentos imento mente adoras adora adores ador antes ante ancia encia acao icao idade asse isse
    aria eria iria aram eram iram ando endo indo ada ido ida ado ar er ir am em ou eu iu a e o""".split(),
    key=len,
    reverse=True,
)
_SHORTEST_STEM = 4


def fold(text: str) -> str:
    """Lower case without accents ("Órgão" -> "orgao"); the length may change."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return _MAYBE_COMBINING.sub(_unless_combining, decomposed)


def _unless_combining(found: re.Match[str]) -> str:
    return "" if unicodedata.combining(found[0]) else found[0]


_FOLDED_STOP_WORDS = frozenset(fold(word) for word in STOP_WORDS)


def words(text: str) -> list[str]:
    """The folded words and numbers of a text, in order, stop words included."""
    return _WORD.findall(fold(text))


def terms(text: str) -> list[str]:
    """The stems of a text's content words, in order."""
    return [stem(word) for word in words(text) if word not in _FOLDED_STOP_WORDS and (len(word) > 1 or word.isdigit())]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The light stem of a folded word; numbers stay whole."""
    if word.isdigit() or len(word) <= _SHORTEST_STEM - 1:
        return word
    for plural, singular in _ENDINGS:
        if word.endswith(plural):
            word = word.removesuffix(plural) + singular
            break
    else:
        word = word.removesuffix("s") if not word.endswith("ss") else word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            return word.removesuffix(suffix)
    return word
