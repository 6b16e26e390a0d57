"""One spelling for each value."""

import json

import pytest

from balcao.domain.canonical_json import Json, canonical_json


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        ({"b": 1, "a": [True, False, None]}, '{"a":[true,false,null],"b":1}'),
        ({}, "{}"),
        ([], "[]"),
        (-(2**53) + 1, "-9007199254740991"),
        ('€$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        ("\u007f\u2028é", '"\u007f\u2028é"'),
    ],
)
def test_a_value_has_its_spelling(value: Json, spelling: str) -> None:
    assert canonical_json(value) == spelling
    assert json.loads(spelling) == value


def test_members_are_ordered_by_utf16_code_units() -> None:
    """RFC 8785, section 3.2.3: its own example; U+1F600 comes before U+FB33, as its surrogates do."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    spelling = canonical_json(dict.fromkeys(names, 0))
    assert list(json.loads(spelling)) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize("value", [2**53, -(2**53), "\ud800", "a\x00b", {"\udfff": 1}, [1, {"a": "\x00"}]])
def test_what_has_no_exact_spelling_is_refused(value: Json) -> None:
    with pytest.raises(ValueError, match=r"large|NUL|surrogates"):
        canonical_json(value)


def test_fractions_are_refused() -> None:
    fraction: object = 0.5
    with pytest.raises(ValueError, match="float"):
        canonical_json(fraction)  # type: ignore[arg-type]
