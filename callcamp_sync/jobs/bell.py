"""Delivering: letters to their places, pings to their switches. What cannot be delivered is a sentence, never an error.

I/O: network and processes, through alerts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import anyio

from callcamp_sync import alerts
from callcamp_sync.alerts.hooks import Sign
from callcamp_sync.jobs import news
from callcamp_sync.night import Night
from callcamp_sync.report import night_headline
from callcamp_sync.settings import Settings


async def start(settings: Sequence[Settings]) -> list[str]:
    """Tell every switch that the night has begun; what could not be told."""
    return await _all([partial(_ping, url, "start", "") for url in news.pings((True, one) for one in settings)])


async def ring(night: Night, items: Sequence[tuple[news.Item, Settings]]) -> list[str]:
    """Deliver every letter, and the end of the night to every switch; what could not be delivered."""
    switches = news.pings((item.result.good, settings) for item, settings in items)
    words = night_headline(night)
    return await _all(
        [
            *(partial(_deliver, letter) for letter in news.letters(night, items)),
            *(partial(_ping, url, "success" if good else "fail", words) for url, good in switches.items()),
        ]
    )


async def _deliver(letter: news.Letter) -> str | None:
    if letter.kind == "webhook":
        return await alerts.post(letter.to[0], letter.document)
    if letter.kind == "command":
        return await alerts.call(letter.to[0], letter.document)
    return await alerts.post_text(letter.to, letter.title, letter.text)


async def _ping(url: str, sign: Sign, words: str) -> str | None:
    return await alerts.ping(url, sign, words)


async def _all(deliveries: Sequence[Callable[[], Awaitable[str | None]]]) -> list[str]:
    problems: list[str] = []

    async def one(delivery: Callable[[], Awaitable[str | None]]) -> None:
        said = await delivery()
        if said is not None:
            problems.append(f"not everybody was told: {said}")

    async with anyio.create_task_group() as group:
        for delivery in deliveries:
            group.start_soon(one, delivery)
    return sorted(problems)
