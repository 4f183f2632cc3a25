"""A command of the user's own that is told. Edge: a process.

It gets the document as JSON on standard input, and runs without a shell: nothing of the document is ever part of a command line.
No secret of ours is in its environment: neither the token or the way to it, nor addresses that others may not know.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import Any

import anyio
import orjson

_SECONDS = 60.0
_SECRET = tuple(f"CALLCAMP_{name}" for name in ("TOKEN", "TOKEN_COMMAND", "PROXY", "WEBHOOK", "NOTIFY_URLS", "PING"))


async def call(command: str, document: Any) -> str | None:
    """Run the command to its end, a minute at most."""
    words = shlex.split(command)
    environ = {name: value for name, value in os.environ.items() if name.upper() not in _SECRET}
    try:
        with anyio.fail_after(_SECONDS):
            ended = await anyio.run_process(
                words,
                input=orjson.dumps(document),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
                env=environ,
            )
    except TimeoutError:
        return f"the command `{words[0]}` was ended after {_SECONDS:.0f} s"
    except OSError as error:
        return f"the command `{words[0]}` could not be run: {error.strerror or error}"
    return f"the command `{words[0]}` ended with {ended.returncode}" if ended.returncode else None
