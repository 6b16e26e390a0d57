"""Some of the bytes of a file, as HTTP asks for them (RFC 9110, 14.1.2)."""

from dataclasses import dataclass

from balcao.domain.errors import UnsatisfiableRange

SMALL_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteSpan:
    """From ``first`` to ``last``, both inclusive; without ``last`` to the end; without ``first`` the ``last`` ones."""

    first: int | None
    last: int | None

    @property
    def is_small(self) -> bool:
        """Whether it is a viewer's piece of a file that is open already: at most SMALL_BYTES, known to end, and not the
        file's first ones.
        """
        if self.first is None:
            return (self.last or 0) <= SMALL_BYTES
        return self.first > 0 and self.last is not None and self.last - self.first < SMALL_BYTES

    def within(self, size: int) -> tuple[int, int]:
        """Where it starts, and before where it ends, in a file of this size.

        Raises:
            UnsatisfiableRange: the file has none of these bytes.
        """
        if self.first is None:
            start, end = max(0, size - (self.last or 0)), size
        else:
            start, end = self.first, size if self.last is None else min(size, self.last + 1)
        if start >= end:
            raise UnsatisfiableRange(size=size)
        return start, end
