"""pgvector's ``halfvec`` on the driver's wire: plain floats in, plain floats out, in binary both ways.

The layout is that of ``halfvec_send`` in pgvector's source: the number of dimensions and an unused field, 16 bits each,
then IEEE 754 half-precision values, big-endian. Packed like this they take half the time of pgvector's own Python type,
which packs in the machine's order and swaps; and the values by themselves, since a longer tuple would have to be made
for them and the header, a sixth less.
"""

import struct
from collections.abc import Sequence
from functools import lru_cache

import asyncpg

_HEADER = struct.Struct(">2H")


async def register_half_vectors(connection: asyncpg.Connection) -> None:
    """Teach a connection the type, for statements and for COPY alike.

    Raises:
        ValueError: the database has no such type.
    """
    await connection.set_type_codec(
        "halfvec", schema="public", encoder=encode_half_vector, decoder=decode_half_vector, format="binary"
    )


def encode_half_vector(vector: Sequence[float]) -> bytes:
    """The vector as PostgreSQL receives it.

    Raises:
        OverflowError: a value is beyond half precision (65,504).
    """
    return _HEADER.pack(len(vector), 0) + _layout(len(vector)).pack(*vector)


def decode_half_vector(sent: bytes) -> tuple[float, ...]:
    """The vector that PostgreSQL sent."""
    dimensions, _ = _HEADER.unpack_from(sent)
    return _layout(dimensions).unpack_from(sent, _HEADER.size)


@lru_cache(maxsize=8)
def _layout(dimensions: int) -> struct.Struct:
    return struct.Struct(f">{dimensions}e")
