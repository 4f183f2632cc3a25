"""The pace that a server allowed last time: one small file for each host and token. Edge: touches the disk.

In:  a folder, the base URL, the token, the time of day (aware).
Out: requests a second, or None; after a run, the file anew.
The file's name is a digest of host and token; neither stands in it. It is a hint and nothing more: a file that is old, damaged or
out of reach is done without, in a notice, and never stops a run. Mode 0600, replaced whole or not at all.
Rule source: issue 5, item 4 ("state belongs to the token, not to a request, and is remembered between runs").
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from callcamp_sync.errors import StateError
from callcamp_sync.private import make_folder

#: A nightly job finds its pace again after a long weekend; what is older says nothing.
FRESH = timedelta(days=7)

_VERSION = 1
_MOST_BYTES = 4096

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Memory:
    """Where one account's pace is kept."""

    path: Path

    @classmethod
    def of(cls, folder: Path, *, base_url: str, token: str) -> Memory:
        """The file in `folder` for the host of `base_url` and this token."""
        host = urlsplit(base_url).netloc.lower()
        name = hashlib.sha256(f"{host}\n{token}".encode()).hexdigest()[:32]
        return cls(folder / f"{name}.json")

    def recall(self, now: datetime) -> float | None:
        """Requests a second, or None where nothing usable is kept."""
        try:
            with self.path.open("rb") as file:
                said = json.loads(file.read(_MOST_BYTES))
            at, rate = datetime.fromisoformat(said["at"]), float(said["per_second"])
            usable = said["version"] == _VERSION and 0 < rate < math.inf and at.tzinfo is not None
        except FileNotFoundError:
            return None
        except OSError as error:
            _log.warning("the remembered pace cannot be read (%s); it is learned anew", error.strerror)
            return None
        except (ValueError, KeyError, TypeError):
            usable = False
        if not usable:
            _log.warning("the remembered pace in `%s` is damaged; it is learned anew", self.path.name)
            return None
        return rate if now - FRESH <= at <= now + timedelta(hours=1) else None

    def keep(self, rate: float, now: datetime) -> None:
        """Keep requests a second, in place of what was kept. A disk that refuses leaves a notice."""
        text = json.dumps({"version": _VERSION, "at": now.isoformat(), "per_second": round(rate, 4)})
        try:
            make_folder(self.path.parent)
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".pace.", suffix=".part")
            try:
                with os.fdopen(handle, "w") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self.path)
            finally:
                with suppress(FileNotFoundError):
                    Path(name).unlink()
        except (OSError, StateError):
            _log.warning("the pace cannot be remembered in `%s`; the next run learns it anew", self.path.parent)
