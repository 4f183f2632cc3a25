"""The edge to Callcamp: requests out, frames and replies in. The only room that knows HTTP.

In:  a base URL, a token, ids and bodies that the stages made.
Out: `Listing` (a campaign or its contacts as text columns), `Reply` (the end of one write), wire models of single things.
Rule source: the vendor's page "Campaign Records" and its other public help pages; RFC 9110 (status codes, Retry-After).
I/O: network only, through `Client`; every decision about a request's end is in `retry`, which is pure.
"""

from __future__ import annotations

from callcamp_sync.api.client import Client
from callcamp_sync.api.exchange import Runtime
from callcamp_sync.api.paging import Listing
from callcamp_sync.api.refusals import ForbiddenError
from callcamp_sync.api.wire import Account, Campaign, Reply

__all__ = ["Account", "Campaign", "Client", "ForbiddenError", "Listing", "Reply", "Runtime"]
