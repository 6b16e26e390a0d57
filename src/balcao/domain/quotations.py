"""What an answer quotes of a passage, where it stands there."""

import re

from balcao.domain.portuguese import terms

_QUOTATION = re.compile(r"«([^«»]+)»")


def quoted_excerpt(content: str, answer: str, question: str, max_chars: int = 400) -> str | None:
    """The part of a passage that an answer quotes between « and », verbatim, in at most ``max_chars`` characters.

    Of several, the one with most of the question's words; "…" marks an end that was cut. None where the answer quotes
    nothing of this passage.
    """
    spans = [span for quoted in _QUOTATION.findall(answer) if (span := _span_in(content, quoted))]
    if not spans:
        return None
    asked = set(terms(question))
    start, end = max(spans, key=lambda span: (len(asked & set(terms(content[slice(*span)]))), span[1] - span[0]))
    if end - start <= max_chars:
        return content[start:end]
    last_space = content.rfind(" ", start, start + max_chars)
    return content[start : last_space if last_space > start else start + max_chars - 1] + "…"


def _span_in(content: str, quoted: str) -> tuple[int, int] | None:
    """Where these words stand in the passage, whatever white space is between them there."""
    found = re.search(r"\s+".join(map(re.escape, quoted.split())), content)
    return found.span() if found and found[0] else None
