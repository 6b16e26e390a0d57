"""What people may say of a document: its title and its tags."""

from collections.abc import Iterable

from balcao.domain.errors import InvalidInput
from balcao.domain.text import require_storable

LONGEST_TITLE = 500
MOST_TAGS = 20
LONGEST_TAG = 60


def checked_title(title: str) -> str:
    """The title, its white space folded.

    Raises:
        InvalidInput, InvalidText: nothing is left of it, it is too long, or it cannot be kept.
    """
    require_storable(title, param="title")
    kept = " ".join(title.split())
    if not 0 < len(kept) <= LONGEST_TITLE:
        raise InvalidInput(f"O título tem de 1 a {LONGEST_TITLE} caracteres.", param="title")
    return kept


def folded_tag(tag: str) -> str:
    """The tag as it is kept and looked for: in lower case, its white space folded.

    Raises:
        InvalidText: it cannot be kept.
    """
    require_storable(tag, param="tags")
    return " ".join(tag.lower().split())


def checked_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """The tags in lower case, each once, in their order.

    Raises:
        InvalidInput, InvalidText: they are too many, one is too long, or cannot be kept.
    """
    kept = tuple(dict.fromkeys(folded for tag in tags if (folded := folded_tag(tag))))
    if len(kept) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in kept):
        raise InvalidInput(f"Use até {MOST_TAGS} etiquetas de até {LONGEST_TAG} caracteres.", param="tags")
    return kept
