"""The wire formats of pgvector's types."""

from array import array

import pytest

from balcao.infrastructure.database.vector_codecs import decode_half_vector, decode_vector, encode_vector

EXACT = array("f", (0.5, -0.25, 0.0, 1.0))


@pytest.mark.parametrize("sent", [array("f", (1.0, -2.0)), memoryview(array("f", (1.0, -2.0)))])
def test_a_vector_is_sent_in_single_precision(sent: "array[float] | memoryview") -> None:
    """Two dimensions, an unused field, then 1.0 and -2.0 as IEEE 754 singles, big-endian."""
    assert encode_vector(sent) == bytes.fromhex("0002 0000 3f800000 c0000000")


def test_half_precision_is_read() -> None:
    assert decode_half_vector(bytes.fromhex("0002 0000 3c00 c000")) == array("f", (1.0, -2.0))


def test_what_is_sent_is_what_comes_back() -> None:
    assert decode_vector(encode_vector(EXACT)) == EXACT


@pytest.mark.parametrize("sent", [EXACT, memoryview(EXACT)])
def test_encoding_leaves_the_vector_as_it_is(sent: "array[float] | memoryview") -> None:
    before = array("f", EXACT)
    encode_vector(sent)
    assert before == EXACT
