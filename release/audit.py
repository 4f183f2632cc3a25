"""`pip-audit --strict` over a lock file, and an honest word where nobody could be asked.

In:  the pip-audit program, a lock file, where its answer goes.
Out: its answer as JSON, and the exit code: 0 where no vulnerability is known, 1 where one is. Where the service could not be
reached, or does not know a package, the file says `"audited": false` and why; that ends with 0, because a release must also be
tried on a machine without the service, or with 1 when `--required` is given, as it is for a release that is published.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_SECONDS = 300


def audited(program: str, lock: Path) -> dict[str, Any]:
    """What pip-audit says of the lock file; `audited` false, with `why`, where it could not say anything."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [program, "--strict", "--require-hashes", "--disable-pip", "-r", str(lock), "-f", "json", "-o", str(answer)]
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return {"audited": False, "why": f"{type(error).__name__}: {program}"}
        if answer.is_file():
            return {"audited": True, **json.loads(answer.read_text("utf-8"))}
    said = [line for line in ended.stderr.splitlines() if line.strip()]
    return {"audited": False, "why": said[-1].strip() if said else f"pip-audit ended with {ended.returncode}"}


def verdict(found: dict[str, Any]) -> tuple[int, str]:
    """(1 where a vulnerability is known, else 0; one sentence)."""
    if not found["audited"]:
        return 0, f"NOT AUDITED: {found['why']}"
    known = [f"{one['name']} {one['version']}: {vuln['id']}" for one in found["dependencies"] for vuln in one.get("vulns", ())]
    count = len(found["dependencies"])
    return (
        (1, f"{count} packages, of which vulnerable: {', '.join(known)}")
        if known
        else (0, f"{count} packages audited, none known")
    )


def main(program: str, lock: str, out: str, *flags: str) -> int:
    """Audit, write, say, and end."""
    found = audited(program, Path(lock))
    Path(out).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    code, words = verdict(found)
    sys.stderr.write(f"audit: {words}\n")
    return 1 if "--required" in flags and not found["audited"] else code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
