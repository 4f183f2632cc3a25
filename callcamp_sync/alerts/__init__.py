"""How news leave the house: a webhook, a command, a ping, and what apprise knows. Edge: network and processes.

In:  an address or a command, and a document or a text that holds no personal data (jobs/news.py makes it so).
Out: null when it was delivered, else one sentence that says why not. Nothing here raises but a missing library, nothing here
changes how a run ended: a night that went well stays one when a chat server is down.
No sentence holds an address: who knows a webhook may post there.
"""

from __future__ import annotations

from callcamp_sync.alerts.addresses import post_text
from callcamp_sync.alerts.hooks import ping, post
from callcamp_sync.alerts.programs import call

__all__ = ["call", "ping", "post", "post_text"]
