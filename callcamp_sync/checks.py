"""What `doctor` looks at: one check after another, each with its cure. A check that fails does not stop the others.

In:  settings. Out: Check values. I/O: network (reads), disk; the clock is the bench's.
"""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from callcamp_sync import planning
from callcamp_sync.api.client import Client
from callcamp_sync.bench import Bench, find_campaign, load_mapping, open_client, open_journal, open_ledger
from callcamp_sync.errors import ExitCode, SyncError


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding. cure: what to do, null where all is well. exit_code: what a failure means for a run."""

    name: str
    ok: bool
    found: str
    cure: str | None = None
    exit_code: ExitCode = ExitCode.OK


async def look(bench: Bench, *, campaign: str | None, mapping: Path | None) -> AsyncIterator[Check]:
    """Every check that the arguments allow, in the order in which a run would meet them."""
    yield Check(name="python", ok=True, found=f"{sys.version.split()[0]}, {ssl.OPENSSL_VERSION}")
    for check in (_folder("state folder", bench.settings.state_dir), _folder("report folder", bench.settings.report_dir)):
        yield check
    yield _state(bench)
    if mapping is not None:
        yield _mapping(mapping)
    try:
        client = open_client(bench.settings)
    except SyncError as error:
        yield _failed("token", error)
        return
    async with client:
        async for check in _online(client, campaign):
            yield check


async def _online(client: Client, campaign: str | None) -> AsyncIterator[Check]:
    try:
        account = await client.me()
    except SyncError as error:
        yield _failed("server and token", error)
        return
    yield Check(name="server and token", ok=True, found=f"{client.base_url} accepts the token")
    permissions = account.user.permissions
    if permissions:
        yield Check(name="permissions", ok=True, found=", ".join(permissions))
    if campaign is None:
        return
    try:
        info = await find_campaign(client, campaign)
        shown = f"{info.name} ({info.status or 'no status'}, {info.timezone or 'no time zone'})"
        yield Check(name="campaign", ok=True, found=shown)
        record_type = await planning.read_type(client, info)
    except SyncError as error:
        yield _failed("campaign", error)
        return
    found = f"{record_type.name or 'none'}, {len(record_type.parameters)} parameters"
    yield Check(name="record type", ok=True, found="; ".join([found, *record_type.notices]))


def _folder(name: str, path: Path) -> Check:
    """Whether a folder can be written, or made: nothing is made here."""
    there = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Check(name=name, ok=True, found=str(path))
    cure = f"make `{there}` writable, or name another folder"
    return Check(name=name, ok=False, found=f"`{path}` cannot be written", cure=cure, exit_code=ExitCode.USAGE)


def _state(bench: Bench) -> Check:
    try:
        with open_journal(bench.settings, bench.clock) as journal:
            runs = len(journal.runs(limit=1000))
        ledger = open_ledger(bench.settings, bench.clock)
    except SyncError as error:
        return _failed("journal and ledger", error)
    found = f"{runs} runs; {len(ledger.phones())} numbers that must not be called"
    return Check(name="journal and ledger", ok=ledger.warning is None, found=found, cure=ledger.warning)


def _mapping(path: Path) -> Check:
    try:
        mapping = load_mapping(path)
    except SyncError as error:
        return _failed("mapping", error)
    return Check(name="mapping", ok=True, found=mapping.description or str(path))


def _failed(name: str, error: SyncError) -> Check:
    return Check(name=name, ok=False, found=error.message, cure=error.hint, exit_code=error.exit_code)
