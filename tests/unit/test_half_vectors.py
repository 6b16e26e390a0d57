"""The wire format of halfvec."""

import pytest

from balcao.infrastructure.database.half_vectors import decode_half_vector, encode_half_vector


def test_layout_is_pgvectors() -> None:
    """Two dimensions, an unused field, then 1.0 and -2.0 as IEEE 754 halves, big-endian."""
    assert encode_half_vector((1.0, -2.0)) == bytes.fromhex("0002 0000 3c00 c000")


def test_what_is_sent_is_what_comes_back() -> None:
    vector = (0.5, -0.25, 0.0, 1.0)
    assert decode_half_vector(encode_half_vector(vector)) == vector


def test_a_value_beyond_half_precision_is_refused() -> None:
    with pytest.raises(OverflowError):
        encode_half_vector((70_000.0,))
