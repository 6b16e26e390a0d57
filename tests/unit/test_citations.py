"""Citations count the sources of the answer, whatever numbers the passages had in the prompt."""

import pytest

from balcao.domain.prompt import renumber_citations


@pytest.mark.parametrize(
    ("text", "cited", "shown"),
    [
        ("Sim [3]. Também [1].", (3, 1), "Sim [1]. Também [2]."),
        ("Sim [3, 1].", (3, 1), "Sim [1][2]."),
        ("Sim [1; 3].", (3, 1), "Sim [2][1]."),
        ("A lei de [2024] vale [2].", (2,), "A lei de [2024] vale [1]."),
    ],
)
def test_each_number_points_at_its_source(text: str, cited: tuple[int, ...], shown: str) -> None:
    assert renumber_citations(text, cited) == shown
