"""The wire formats of pgvector's types."""

from array import array

import pytest

from balcao.infrastructure.database.vector_codecs import (
    decode_half_vector,
    decode_single_vector,
    encode_half_vector,
    encode_single_vector,
)

EXACT = array("f", (0.5, -0.25, 0.0, 1.0))


def test_layout_is_pgvectors() -> None:
    """Two dimensions, an unused field, then 1.0 and -2.0 as IEEE 754 halves, big-endian."""
    assert encode_half_vector((1.0, -2.0)) == bytes.fromhex("0002 0000 3c00 c000")


def test_layout_of_single_precision_is_pgvectors() -> None:
    assert encode_single_vector(memoryview(array("f", (1.0, -2.0)))) == bytes.fromhex("0002 0000 3f800000 c0000000")


def test_what_is_sent_is_what_comes_back() -> None:
    assert decode_half_vector(encode_half_vector(EXACT)) == EXACT
    assert decode_single_vector(encode_single_vector(memoryview(EXACT))) == EXACT


def test_encoding_leaves_the_vector_as_it_is() -> None:
    sent = array("f", EXACT)
    encode_single_vector(memoryview(sent))
    assert sent == EXACT


def test_a_value_beyond_half_precision_is_refused() -> None:
    with pytest.raises(OverflowError):
        encode_half_vector((70_000.0,))
