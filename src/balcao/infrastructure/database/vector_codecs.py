"""pgvector's types on the driver's wire, in binary.

``halfvec`` is what columns hold: numbers in, an array out. Packing half precision is slow in Python (52 microseconds
for 1,536 numbers), so that vectors in bulk travel as ``vector``, whose single precision is an array's own (3
microseconds), and the server converts them.

The layouts are those of ``halfvec_send`` and ``vector_send`` in pgvector's source: the number of dimensions and an
unused field, 16 bits each, then IEEE 754 values, all big-endian. Half-precision values are packed by themselves, since
a longer tuple would have to be made for them and the header, a sixth less.
"""

import struct
import sys
from array import array
from collections.abc import Sequence
from functools import lru_cache

import asyncpg

from balcao.domain.document import Vector

_HEADER = struct.Struct(">2H")


async def register_vector_codecs(connection: asyncpg.Connection) -> None:
    """Teach a connection the types, for statements and for COPY alike.

    Raises:
        ValueError: the database has no such types.
    """
    codecs = {
        "halfvec": (encode_half_vector, decode_half_vector),
        "vector": (encode_single_vector, decode_single_vector),
    }
    for name, (encoder, decoder) in codecs.items():
        await connection.set_type_codec(name, schema="public", encoder=encoder, decoder=decoder, format="binary")


def encode_half_vector(vector: Sequence[float]) -> bytes:
    """The vector as PostgreSQL receives it.

    Raises:
        OverflowError: a value is beyond half precision (65,504).
    """
    return _HEADER.pack(len(vector), 0) + _layout(len(vector)).pack(*vector)


def decode_half_vector(sent: bytes) -> Vector:
    """The vector that PostgreSQL sent."""
    dimensions, _ = _HEADER.unpack_from(sent)
    return array("f", _layout(dimensions).unpack_from(sent, _HEADER.size))


def encode_single_vector(vector: memoryview) -> bytes:
    """A view of the vector as PostgreSQL receives it. (Of an array of arrays the driver would make a matrix.)"""
    numbers = array("f")
    numbers.frombytes(vector.cast("B"))
    return _HEADER.pack(len(numbers), 0) + _as_on_the_wire(numbers).tobytes()


def decode_single_vector(sent: bytes) -> Vector:
    """The vector that PostgreSQL sent."""
    numbers = array("f")
    numbers.frombytes(memoryview(sent)[_HEADER.size :])
    return _as_on_the_wire(numbers)


def _as_on_the_wire(numbers: Vector) -> Vector:
    """The same numbers, turned in place from this machine's order of bytes to big-endian, or back."""
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


@lru_cache(maxsize=8)
def _layout(dimensions: int) -> struct.Struct:
    return struct.Struct(f">{dimensions}e")
