"""Reading the files inside a Qt resource container (.rcc), in which GCompris keeps its photographs.

A container is a big-endian header, a tree of fixed-size nodes, a table of UTF-16 names and a table of length-prefixed
data. The layout is that of Qt's own tool "rcc", format versions 1 to 3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

_COMPRESSED_ZLIB, _DIRECTORY, _COMPRESSED_ZSTD = 1, 2, 4


def read_resources(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name inside the container, such as "/a/b/picture.webp", and content of each of its files."""
    container = path.read_bytes()
    if container[:4] != b"qres":
        raise ValueError(f"{path.name} is no Qt resource container: it does not start with 'qres'.")
    version, tree, data, names = struct.unpack_from(">4I", container, 4)
    node_size = 14 if version == 1 else 22  # from version 2 on a node ends in a 64-bit time

    def name_at(offset: int) -> str:
        (length,) = struct.unpack_from(">H", container, names + offset)
        start = names + offset + 6  # after the length and a 32-bit hash of the name
        return container[start : start + 2 * length].decode("utf-16-be")

    def content_at(offset: int, flags: int) -> bytes:
        (length,) = struct.unpack_from(">I", container, data + offset)
        content = container[data + offset + 4 : data + offset + 4 + length]
        if flags & _COMPRESSED_ZSTD:
            raise ValueError(f"{path.name} holds zstd data, which is not supported.")
        return zlib.decompress(content[4:]) if flags & _COMPRESSED_ZLIB else content  # 4 bytes: the size unpacked

    def walk(node: int, parent: str) -> Iterator[tuple[str, bytes]]:
        start = tree + node * node_size
        name_offset, flags = struct.unpack_from(">IH", container, start)
        name = f"{parent}/{name_at(name_offset)}" if node else ""  # the root has no name
        if flags & _DIRECTORY:
            child_count, first_child = struct.unpack_from(">2I", container, start + 6)
            for child in range(first_child, first_child + child_count):
                yield from walk(child, name)
        else:
            (data_offset,) = struct.unpack_from(">I", container, start + 10)
            yield name, content_at(data_offset, flags)

    return walk(0, "")
