"""Everything that apprise delivers to: mail, chat, telephones. Edge: network, through the extra `notify`.

apprise waits for the network, so it works in a thread.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.util import find_spec

import anyio.to_thread

from callcamp_sync.errors import SettingsError


def check() -> None:
    """Raise SettingsError where the extra is not installed: said before the night begins, not after it."""
    if find_spec("apprise") is None:
        raise SettingsError("`notify_urls` needs the extra `notify`", hint="install it: `pip install 'callcamp-sync[notify]'`")


async def post_text(urls: Sequence[str], title: str, text: str) -> str | None:
    """Send the text to each address."""
    return await anyio.to_thread.run_sync(_delivered, tuple(urls), title, text)


def _delivered(urls: Sequence[str], title: str, text: str) -> str | None:
    import apprise

    # Its log lines may hold addresses with their passwords.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    told = apprise.Apprise()
    try:
        refused = [place for place, url in enumerate(urls, start=1) if not told.add(url)]
        if refused:
            return f"address {refused[0]} of `notify_urls` is none that apprise knows"
        done = told.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT)
    except (OSError, RuntimeError, ValueError, TypeError, LookupError) as error:
        # A hundred services are a hundred programs; one that breaks must not break the night's report.
        return f"apprise could not deliver ({type(error).__name__})"
    return None if done else "apprise could not deliver"
