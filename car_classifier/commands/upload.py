"""`car-classifier data upload`."""

from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import console
from car_classifier.progress import progress_bar
from car_classifier.words import counted


def upload(
    source: Annotated[Path, typer.Argument(help="File, folder, published version, or manifest (with its photos).")],
    url: Annotated[
        str,
        typer.Argument(metavar="URL", help="Target folder: s3://bucket/folder, gs://bucket/folder or a local folder."),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the files without sending them.")] = False,
) -> None:
    """Upload photos or models to object storage. Files that are already there are skipped."""
    from car_classifier.data.upload import plan_upload, run_upload

    plan = plan_upload(source, url)
    if plan.left_out:
        names = ", ".join(str(path) for path in plan.left_out[:5])
        console.print(f"Left out, because hidden: {names}{' …' if len(plan.left_out) > 5 else ''}", markup=False)
    if dry_run:
        for file in plan.to_send:
            typer.echo(f"{file.path} → {file.target}")
    else:
        with progress_bar("Uploading (kilobytes)", console) as report:
            run_upload(plan, report)
    sent = f"{counted(len(plan.to_send), 'file')} ({plan.bytes_to_send / 1e6:.1f} MB)"
    typer.echo(f"{url}: {sent} {'to send' if dry_run else 'sent'}, {len(plan.already_there)} were there already.")
