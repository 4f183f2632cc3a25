"""What Python's zipfile does with an archive that is damaged: more than it documents. Pure: a table, no I/O.

Beside BadZipFile it lets through whatever it stumbles over in what the archive claims: a negative or huge offset (ValueError,
OverflowError), a short header (struct.error), names that are no text (UnicodeDecodeError, a ValueError), and the errors of each
way of packing (zlib.error, LZMAError, OSError of bz2, EOFError, NotImplementedError, RuntimeError of passwords).
"""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib

#: Every way in which opening or reading a member of a damaged archive ends. KeyError: a member that is not there.
ZIP_DAMAGE: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    KeyError,
)
