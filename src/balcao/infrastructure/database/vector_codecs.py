"""pgvector's types on the driver's wire, in binary.

A ``halfvec`` is what columns hold and what is read; a ``vector`` is what is sent, and the server converts it. Packing
half precision is slow in Python (42 microseconds for 1,536 numbers: as long as a round trip to the server), while
single precision is an array's own (1.4 microseconds).

The layouts are those of ``halfvec_send`` and ``vector_send`` in pgvector's source: the number of dimensions and an
unused field, 16 bits each, then IEEE 754 values, all big-endian.
"""

import struct
import sys
from array import array
from functools import lru_cache

import asyncpg

from balcao.domain.document import Vector

_HEADER = struct.Struct(">2H")


async def register_vector_codecs(connection: asyncpg.Connection) -> None:
    """Teach a connection the types: a vector is sent, half precision is only read.

    Raises:
        ValueError: the database has no such types.
    """
    codecs = {
        "halfvec": (_refuse, decode_half_vector),
        "vector": (encode_vector, decode_vector),
    }
    for name, (encoder, decoder) in codecs.items():
        await connection.set_type_codec(name, schema="public", encoder=encoder, decoder=decoder, format="binary")


def decode_half_vector(sent: bytes) -> Vector:
    """The vector that PostgreSQL sent."""
    dimensions, _ = _HEADER.unpack_from(sent)
    return array("f", _layout(dimensions).unpack_from(sent, _HEADER.size))


def encode_vector(vector: "Vector | memoryview") -> bytes:
    """The vector as PostgreSQL receives it; several, in an array, are views. (Of arrays the driver makes a matrix.)"""
    numbers = array("f")
    numbers.frombytes(memoryview(vector).cast("B"))
    return _HEADER.pack(len(numbers), 0) + _as_on_the_wire(numbers).tobytes()


def decode_vector(sent: bytes) -> Vector:
    """The vector that PostgreSQL sent."""
    numbers = array("f")
    numbers.frombytes(memoryview(sent)[_HEADER.size :])
    return _as_on_the_wire(numbers)


def _refuse(_: object) -> bytes:
    raise TypeError("a vector is sent as vector, in single precision")


def _as_on_the_wire(numbers: Vector) -> Vector:
    """The same numbers, turned in place from this machine's order of bytes to big-endian, or back."""
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


@lru_cache(maxsize=8)
def _layout(dimensions: int) -> struct.Struct:
    return struct.Struct(f">{dimensions}e")
