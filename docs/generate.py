"""Writes the pages that repeat what the program says of itself: `docs/issues.md` and `docs/cli.md`.

In:  callcamp_sync.issues.CATALOGUE and the Typer application. Out: two Markdown pages; `python docs/generate.py` writes them.
`tests/unit/test_docs.py` fails when a page is older than the code. I/O: only `main` writes files.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
import typer.main

from callcamp_sync.cli.app import app
from callcamp_sync.issues import CATALOGUE, Entry, Verdict

FOLDER = Path(__file__).parent

#: Verdicts in the order of their gravity: heading, and what it means for the row.
_VERDICTS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.REJECT: ("The row is wrong", "Nothing of the row is sent. The other rows go on."),
    Verdict.HOLD: ("It is not certain what is meant", "Nothing of the row is sent until somebody decides."),
    Verdict.PROTECT: ("A rule forbids it", "The order is left as it is."),
    Verdict.DUPLICATE: ("The same again", "One of the rows counts; the copies send nothing."),
    Verdict.UNSETTLED: ("An earlier run left it open", "Nothing is sent until it is known what became of that request."),
    Verdict.NOTE: ("Worth knowing", "The row goes on, or ends as `unchanged`."),
}

_ISSUES_HEAD = """# What can be said about a row

<!-- Written by `python docs/generate.py` from `callcamp_sync/issues.py`. Do not edit by hand. -->

Every fault of every row is found before anything is sent, and told with a code, the sheet's own column heading, the cell and a
cure. The codes are stable: filter by them. They stand in `codes` of `rows.csv`, in `issues` of `report.json`, and on the tab
`Problems` of `report.xlsx`.

Where a row has several issues, the gravest decides how it ends: `rejected`, then `held`, then `protected`. In the messages below,
*heading* is the column's heading, *cell* what the cell holds, *detail* the words of the case.
"""

_CLI_HEAD = """# Commands

<!-- Written by `python docs/generate.py` from the program's own help. Do not edit by hand. -->

What a machine reads goes to standard output, everything else to standard error. The [exit codes](exit-codes.md) say how a command
ended. Options that are settings may also stand in the environment or in a file: see [configuration](configuration.md).
"""


def issues_page(catalogue: Mapping[str, Entry] = CATALOGUE) -> str:
    """`docs/issues.md`: one table for each verdict, every code of the catalogue in its order."""
    parts = [_ISSUES_HEAD]
    for verdict, (title, effect) in _VERDICTS.items():
        found = {code: entry for code, entry in catalogue.items() if entry.verdict is verdict}
        if not found:
            continue
        ends = "goes on" if verdict is Verdict.NOTE else f"ends as `{verdict}`"
        rows = [(f"`{code}`", _message(entry.meaning), _sentence(entry.cure)) for code, entry in found.items()]
        parts.append(f"## {title}: the row {ends}\n\n{effect}\n\n{_table(('code', 'message', 'cure'), rows)}")
    return "\n".join(parts)


def cli_page(application: typer.Typer = app) -> str:
    """`docs/cli.md`: every command with its arguments and options; those that every command has stand once, at the end."""
    group: Any = typer.main.get_command(application)
    commands = dict(_leaves(group, ()))
    shared = set.intersection(*({_names(p) for p in command.params} for command in commands.values()))
    parts = [_CLI_HEAD]
    for path, command in commands.items():
        parts.append(_command(path, command, shared))
    anybody = next(iter(commands.values()))
    everywhere = [_option(p) for p in anybody.params if _names(p) in shared]
    parts.append(f"## Every command\n\n{_table(('option', 'meaning'), [*everywhere, ('`-h`, `--help`', 'Show the help.')])}")
    alone = [_option(p) for p in group.params]
    parts.append(f"## Without a command\n\n{_table(('option', 'meaning'), alone)}")
    return "\n".join(parts)


def pages() -> dict[str, str]:
    """File name -> text, of every page that is written from the code."""
    return {"issues.md": issues_page(), "cli.md": cli_page()}


def _leaves(group: Any, path: tuple[str, ...]) -> Iterable[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _leaves(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def _command(path: str, command: Any, shared: set[str]) -> str:
    own = [p for p in command.params if _names(p) not in shared]
    arguments = [p for p in own if p.param_type_name == "argument"]
    options = [p for p in own if p.param_type_name == "option"]
    must = [f"{_long(p)} {_value(p)}" for p in options if p.required]
    usage = " ".join([f"callcamp-sync {path}", *(_value(p) for p in arguments), *must, *(["[options]"] if options else [])])
    parts = [f"## {path}\n", f"{inspect.cleandoc(command.help or '')}\n", f"```\n{usage}\n```\n"]
    if arguments:
        parts.append(_table(("argument", "meaning"), [(f"`{_value(p)}`", p.help or "") for p in arguments]))
    if options:
        parts.append(_table(("option", "meaning"), [_option(p) for p in options]))
    return "\n".join(parts)


def _names(parameter: Any) -> str:
    return ",".join(parameter.opts)


def _long(option: Any) -> str:
    return str(max(option.opts, key=len))


def _value(parameter: Any) -> str:
    """What stands for the value in a usage line: the declared word, else a word for its type."""
    kind = str(parameter.type_descriptor.annotation)
    return str(parameter.metavar or ("PATH" if "Path" in kind else "N" if "int" in kind or "float" in kind else "VALUE"))


def _option(option: Any) -> tuple[str, str]:
    value = "" if option.is_flag else f" {_value(option)}"
    names = ", ".join(f"`{name}{value}`" for name in option.opts)
    words = option.help or ""
    if option.required:
        words += " Required."
    elif option.show_default and not option.is_flag and option.default is not None:
        words += f" Default: `{option.default}`."
    return names, words


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _message(meaning: str) -> str:
    """The message with its placeholders named in italics; backticks around one would hide that it is one."""
    for name in ("heading", "cell", "detail"):
        meaning = meaning.replace(f"`{{{name}}}`", f"*{name}*").replace(f"{{{name}}}", f"*{name}*")
    return meaning


def _sentence(words: str) -> str:
    return _message(words[:1].upper() + words[1:])


def main() -> None:
    """Write the pages beside this file."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
