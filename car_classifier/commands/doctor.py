"""`car-classifier doctor`."""

import typer

from car_classifier.commands.shared import (
    DATA_DIR,
    MODEL_DIR,
    DataDirOption,
    JsonOption,
    ModelDirOption,
    check_json_out,
    write_result,
)


def doctor(
    model_dir: ModelDirOption = MODEL_DIR,
    data_dir: DataDirOption = DATA_DIR,
    json_out: JsonOption = None,
) -> None:
    """Describe this machine and installation, to paste into a bug report. Shows no secrets and no home folders."""
    from car_classifier.doctor import as_text, examine

    check_json_out(json_out)
    facts = examine(model_dir, data_dir)
    if not write_result(json_out, facts):
        typer.echo(as_text(facts))
