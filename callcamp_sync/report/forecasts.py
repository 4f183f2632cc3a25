"""What a run was expected to take, and by how much that was off, in words and for machines. Pure: no I/O.

In:  a model.Forecast, and a model.Took where something was carried out. Out: one sentence; one JSON object.
"""

from __future__ import annotations

from typing import Any

from callcamp_sync.model import Forecast, Report, Took
from callcamp_sync.report.terminal import counted, number

#: A forecast of fewer is not judged in percent: one request more would be a third.
_FEW = 20

#: Seconds below which a share of them says nothing.
_SHORT = 1.0


def expected(forecast: Forecast) -> str:
    """`about 512 requests in 1.2 minutes (at 7.1 a second, measured last time); 12 calls`."""
    if not forecast.requests:
        return "nothing to send, no call"
    return f"about {counted(forecast.requests, 'request')}{_time(forecast)}; {_calls(forecast.calls)}"


def outturn(report: Report) -> str:
    """What was expected, and what it was; blank where nothing was expected, or nothing was carried out."""
    if report.forecast is None:
        return ""
    if report.took is None:
        return expected(report.forecast)
    forecast, took = report.forecast, report.took
    if not forecast.requests and not took.requests:
        return "nothing to send, as expected"
    time = f"{duration(took.seconds)} (no time was foretold)"
    if forecast.seconds is not None:
        off = _off(took.seconds, forecast.seconds) if forecast.seconds >= _SHORT else ""
        time = f"{duration(took.seconds)} instead of {duration(forecast.seconds)}{off}"
    return f"{_compared(took.requests, forecast.requests)} requests in {time}; {_compared(took.calls, forecast.calls)} calls"


def forecast_document(report: Report) -> dict[str, Any] | None:
    """`forecast` of report.json; `actual` is null where nothing was carried out."""
    forecast = report.forecast
    if forecast is None:
        return None
    return {
        "requests": forecast.requests,
        "seconds": _rounded(forecast.seconds),
        "per_second": _rounded(forecast.pace.per_second) if forecast.pace else None,
        "measured": bool(forecast.pace and forecast.pace.measured),
        "calls": forecast.calls,
        "actual": _actual(report.took) if report.took else None,
    }


def duration(seconds: float) -> str:
    """`0.4 seconds`, `12 seconds`, `3.5 minutes`, `2.1 hours`."""
    for limit, unit, name in ((90.0, 1.0, "seconds"), (5400.0, 60.0, "minutes")):
        if seconds < limit:
            return f"{_digits(seconds / unit)} {name}"
    return f"{_digits(seconds / 3600)} hours"


def _actual(took: Took) -> dict[str, Any]:
    return {"requests": took.requests, "seconds": _rounded(took.seconds), "calls": took.calls}


def _time(forecast: Forecast) -> str:
    if forecast.pace is None or forecast.seconds is None:
        return ", how long is not measured yet"
    basis = "measured in an earlier run" if forecast.pace.measured else "the limit that is set; not measured yet"
    return f" in {duration(forecast.seconds)} (at {_digits(forecast.pace.per_second)} a second, {basis})"


def _calls(calls: int) -> str:
    return f"{counted(calls, 'contact')} would be called" if calls else "nobody would be called"


def _compared(was: int, foretold: int) -> str:
    return (
        f"{number(was)} instead of {number(foretold)}{_off(was, foretold) if foretold >= _FEW else ''}"
        if was != foretold
        else number(was)
    )


def _off(was: float, foretold: float) -> str:
    return f" ({100 * (was - foretold) / foretold:+.0f} %)" if foretold else ""


def _digits(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
