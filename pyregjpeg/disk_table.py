"""A table of texts that moves to disk when it grows: the names of a million files in a few megabytes of memory."""

from __future__ import annotations

import sqlite3
import threading

CACHE = 8 << 10  # KiB that stay in memory


class DiskTable:
    """Texts by key, kept until the object goes; many threads may use it. OSError where the disk has no room for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # A database without a name is temporary: it spills into a file that is deleted when it is closed.
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        for statement in (
            f"PRAGMA cache_size = -{CACHE}",
            "PRAGMA journal_mode = OFF",
            "CREATE TABLE texts (key BLOB PRIMARY KEY, text BLOB) WITHOUT ROWID",
        ):
            self._database.execute(statement)

    def __setitem__(self, key: str, text: str) -> None:
        self._execute("INSERT OR REPLACE INTO texts VALUES (?, ?)", _bytes(key), _bytes(text))

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def get(self, key: str) -> str | None:
        """The text of the key, None where it has none."""
        found = self._execute("SELECT text FROM texts WHERE key = ?", _bytes(key))
        return bytes(found[0][0]).decode("utf-8", "surrogatepass") if found else None

    def setdefault(self, key: str, text: str) -> str | None:
        """Give the key the text if it has none, and return None; otherwise return the text that it has."""
        had = self.get(key)
        if had is None:
            self[key] = text
        return had

    def _execute(self, statement: str, *values: bytes) -> list[tuple[bytes]]:
        try:
            with self._lock:
                return self._database.execute(statement, values).fetchall()
        except sqlite3.Error as error:  # the disk is full
            raise OSError(f"the table of names cannot be kept in the folder for temporary files: {error}") from error


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a file's name may be no valid text
