"""`car-classifier doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import (
    MODEL_DIR,
    JsonOption,
    ModelDirOption,
    check_json_out,
    setting,
    write_result,
)
from car_classifier.up import UpSettings


def doctor(
    model_dir: ModelDirOption = MODEL_DIR,
    data_dir: Annotated[Path, setting(UpSettings, "data_dir")] = UpSettings.model_fields["data_dir"].default,
    json_out: JsonOption = None,
) -> None:
    """Describe this machine and installation, to paste into a bug report. Shows no secrets and no home folders."""
    from car_classifier.doctor import as_text, examine

    check_json_out(json_out)
    facts = examine(model_dir, data_dir)
    if not write_result(json_out, facts):
        typer.echo(as_text(facts))
