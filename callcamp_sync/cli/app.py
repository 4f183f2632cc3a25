"""All commands under one name."""

from __future__ import annotations

from typing import Annotated

import typer

from callcamp_sync import __version__
from callcamp_sync.cli import (
    apply,
    campaigns,
    config,
    demo,
    dnc,
    doctor,
    explain,
    export,
    hygiene,
    init,
    jobs,
    maps,
    plan,
    prepare,
    resume,
    runs,
    sandbox,
    sync,
    template,
    validate,
)

app = typer.Typer(
    name="callcamp-sync",
    help="Keeps a Callcamp campaign in step with a spreadsheet.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"callcamp-sync {__version__}")
        raise typer.Exit


@app.callback()
def everywhere(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Keeps a Callcamp campaign in step with a spreadsheet."""


app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("sandbox")(sandbox.sandbox)
app.command("doctor")(doctor.doctor)
app.add_typer(config.app, name="config")
app.add_typer(campaigns.app, name="campaigns")
app.add_typer(maps.app, name="map")
app.command("template")(template.template)
app.command("prepare")(prepare.prepare)
app.command("validate")(validate.validate)
app.command("plan")(plan.plan)
app.command("explain")(explain.explain)
app.command("apply")(apply.apply)
app.command("sync")(sync.sync)
app.command("resume")(resume.resume)
app.command("export")(export.export)
app.add_typer(jobs.app, name="jobs")
app.command("hygiene")(hygiene.hygiene)
app.add_typer(runs.app, name="runs")
app.add_typer(dnc.app, name="dnc")
