"""`car-classifier data …`: photos."""

from pathlib import Path
from typing import Annotated

import typer

from car_classifier.commands.shared import (
    MANIFEST,
    MANIFEST_OUT,
    MODEL_DIR,
    TABLE_OUT,
    ClassesOption,
    DataOption,
    FiguresOption,
    JsonOption,
    MakesOption,
    ModelOption,
    SeedOption,
    TopOption,
    check_json_out,
    console,
    default_of,
    setting,
    write_result,
)
from car_classifier.data.manifest import Manifest
from car_classifier.data.photo_sources import sum_up
from car_classifier.progress import print_left_out, progress_bar
from car_classifier.up import DemoRecipe
from car_classifier.words import counted

_MOST_NOTES = 20


def index(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="Folder with a folder for each class, or of photos named Make_Model_….jpg, or a list of photos (CSV "
            "with file_name,label or file_name,make,model).",
        ),
    ],
    split_file: Annotated[Path | None, typer.Option(help="CSV with file_name,split that decides the split.")] = None,
    out: Annotated[Path, MANIFEST_OUT()] = MANIFEST,
    validation: Annotated[float, typer.Option(help="Share of photos for validation.")] = 0.2,
    test: Annotated[float, typer.Option(help="Share of photos for testing.")] = 0.2,
    seed: SeedOption = 0,
    top: TopOption = None,
    convert: Annotated[
        bool,
        typer.Option(
            "--convert", help="Write JPEGs of photos in other formats, such as WebP and HEIC, beside the manifest."
        ),
    ] = False,
    classes: ClassesOption = None,
    makes: MakesOption = None,
    subject: Annotated[
        str | None,
        typer.Option(
            metavar="NOUN",
            help="What the photos show, in the singular, such as bird, or with the plural, such as mouse/mice: pages "
            "and messages name it.",
            show_default="as named before, else car if classes have makes",
        ),
    ] = None,
) -> None:
    """Read, check and split photos, and write the manifest that all other commands use."""
    from car_classifier.data.indexing import index_photos
    from car_classifier.subject import parse_subject

    named = None if subject is None else parse_subject(subject)
    with progress_bar("Reading photos", console) as report:
        result = index_photos(
            source,
            out,
            split_file,
            validation=validation,
            test=test,
            seed=seed,
            top=top,
            report=report,
            classes=classes,
            makes=makes,
            convert=convert,
            subject=named,
        )
    console.print(result.reading, markup=False)
    if result.subject:
        console.print(f"Subject: {result.subject.singular}, in the plural {result.subject.plural}.", markup=False)
    for line in sum_up(item for item in result.left_out if not item.format):  # of the others, a note has the number
        console.print(line, style="yellow", markup=False)
    for warning in result.warnings:
        console.print(f"Note: {warning}", style="yellow", markup=False)
    manifest = result.manifest
    excluded = len(manifest.rows) - len(manifest.kept)
    of_rarer = f", {excluded} of rarer classes excluded" if excluded else ""
    typer.echo(f"{out}: {_counted(manifest)}{of_rarer}, {len(result.left_out)} left out.")
    if manifest.split("train"):
        typer.echo(f"Next: car-classifier train --data {out}")


def prefilter(
    manifest: DataOption = MANIFEST,
    base: Annotated[str, typer.Option(help="ImageNet net that scores the photos.")] = "ResNet50V2",
    weights: Annotated[
        str, typer.Option(help="Weights of the net: imagenet, or a weights file with the 1000 ImageNet classes.")
    ] = "imagenet",
    threshold: Annotated[float, typer.Option(help="Lowest car score, 0 to 1, with which a photo is kept.")] = 0.1,
    car_classes: Annotated[
        str | None,
        typer.Option(
            help="ImageNet classes that count as a car, comma-separated.", show_default="the list in data/README.md"
        ),
    ] = None,
    top: TopOption = None,
    out: Annotated[Path | None, MANIFEST_OUT(show_default="in place")] = None,
    contact_sheet: Annotated[
        Path, typer.Option(help="Picture file for the photos just above and below the threshold.")
    ] = Path("figures/prefilter.jpg"),
) -> None:
    """Exclude photos that show no car, as scored by an ImageNet net. Nothing is deleted."""
    from car_classifier.data.manifest import read_manifest
    from car_classifier.files import check_no_input
    from car_classifier.prefilter.contact_sheet import check_contact_sheet, draw_contact_sheet
    from car_classifier.prefilter.imagenet_net import imagenet_net
    from car_classifier.prefilter.scoring import CAR_CLASSES, prefilter_photos
    from car_classifier.subject import CAR, PHOTO, default_subject, read_subject

    check_contact_sheet(contact_sheet)
    net = imagenet_net(base, weights)
    photos = read_manifest(manifest)
    subject = read_subject(photos.path.parent) or default_subject(any(row.make for row in photos.rows))
    if car_classes is None and subject != CAR:
        shown = "the photos" if subject == PHOTO else f"photos of {subject.plural}"
        note = f"Note: this looks for cars on {shown}; --car-classes names what to look for."
        console.print(note, style="yellow", markup=False)
    check_no_input(contact_sheet, (photos.photo_path(row) for row in photos.rows))
    names = CAR_CLASSES if car_classes is None else [name.strip() for name in car_classes.split(",") if name.strip()]
    with progress_bar("Scoring photos", console) as report:
        result = prefilter_photos(manifest, net, out, threshold, names, top, report)
    draw_contact_sheet(result.manifest, threshold, contact_sheet)
    halved = result.halved()
    for label in halved[:_MOST_NOTES]:
        kept = f"{result.after[label]} of {counted(result.before[label], 'photo')}"
        console.print(f"Note: {label} keeps {kept}.", style="yellow", markup=False)
    if len(halved) > _MOST_NOTES:
        console.print(
            f"Note: {counted(len(halved) - _MOST_NOTES, 'more class loses', 'more classes lose')} half of the photos.",
            style="yellow",
        )
    written = result.manifest
    before, after = result.before.total(), result.after.total()
    typer.echo(
        f"{written.path}: {after} of {counted(before, 'photo')} kept, {before - after} dropped below {threshold:g}."
    )
    if len(written.kept) < after:
        typer.echo(f"{counted(after - len(written.kept), 'more is', 'more are')} of rarer classes and excluded.")
    typer.echo(f"Left: {_counted(written)}.")
    typer.echo(f"{contact_sheet} shows those nearest to the threshold; another --threshold needs no new scores.")
    typer.echo(f"Next: car-classifier train --data {written.path}")


def table(
    out: Annotated[Path, TABLE_OUT()],
    manifest: DataOption = MANIFEST,
) -> None:
    """Write what the photos' file names say (price, horsepower, body style, …) as one table."""
    from car_classifier.data.manifest import read_manifest
    from car_classifier.data.table import write_table

    read = read_manifest(manifest)
    write_table(read, out)
    typer.echo(f"{out}: {counted(len(read.rows), 'photo')}.")


def stats(
    manifest: DataOption = MANIFEST,
    out: FiguresOption = Path("figures"),
    seed: SeedOption = 0,
    json_out: JsonOption = None,
) -> None:
    """Print statistics of a manifest, and draw its classes and a sample of its photos."""
    from car_classifier.data.figures import draw_class_distribution, draw_sample_batch
    from car_classifier.data.manifest import read_manifest
    from car_classifier.data.statistics import described, statistics_of
    from car_classifier.files import check_writable

    classes, batch = out / "classes.png", out / "sample_batch.png"
    check_json_out(json_out)
    check_writable(classes)
    read = read_manifest(manifest)
    for note in read.notes():
        console.print(f"Note: {note}", style="yellow", markup=False)
    figures = statistics_of(read)
    text_wanted = not write_result(json_out, figures)
    if text_wanted:
        for name, value in described(figures):
            typer.echo(f"{name:<20}{value}")
    draw_class_distribution(read, classes)
    for note in draw_sample_batch(read, batch, seed):
        console.print(f"Not in the sample: {note}", style="yellow", markup=False)
    if text_wanted:
        typer.echo(f"Figures: {classes}, {batch}")


def features(
    manifest: DataOption = MANIFEST,
    model: ModelOption = MODEL_DIR,
) -> None:
    """Write the features that a published model computes for each photo: the dashboard finds similar photos by them."""
    from car_classifier.evaluation.photo_features import write_photo_features
    from car_classifier.registry.published_version import find_version

    notes: list[str] = []
    with progress_bar("Computing features", console) as report:
        written = write_photo_features(manifest, find_version(model), report, notes.append)
    print_left_out(console, notes)
    photos, numbers = written.features.shape
    typer.echo(
        f"{written.path}: {numbers} numbers for each of {counted(photos, 'photo')}, from version {written.version}."
    )


def cache(
    manifest: DataOption = MANIFEST,
    clear: Annotated[bool, typer.Option("--clear", help="Delete them; training computes them again.")] = False,
) -> None:
    """List the features of photos that training keeps beside a manifest, so that the next training is quicker."""
    from car_classifier.training.feature_store import FOLDER, remove_store, stores_in

    folder = manifest.parent / FOLDER
    stores = list(stores_in(folder))
    for store, about in stores:
        height, width = about["input"]
        photos, size = len(store.read()[0]), store.features_path.stat().st_size
        typer.echo(f"{store.folder}: {about['base']}, {height}×{width}, {photos} photos, {size / 1e6:.1f} MB")
        if clear:
            remove_store(store)
    if not stores:
        typer.echo(f"{folder} holds no features.")
    elif clear:
        typer.echo(f"Deleted {len(stores)}.")


def import_feedback(
    database_url: Annotated[
        str, typer.Option(envvar="DATABASE_URL", help="Database of the dashboard: an SQLite file or PostgreSQL.")
    ] = "sqlite:///data/dashboard.sqlite3",
    manifest: Annotated[Path, typer.Option("--data", help="Manifest to add the photos to.")] = MANIFEST,
    out: Annotated[Path, typer.Option(help="Folder to write the photos to.")] = Path("data/feedback"),
) -> None:
    """Add the photos that visitors of the dashboard labelled and gave for training to a manifest."""
    from car_classifier.data.feedback_database import open_feedback
    from car_classifier.data.feedback_import import NEW_CLASS
    from car_classifier.data.feedback_import import import_feedback as add_feedback
    from car_classifier.data.manifest import read_manifest

    read = read_manifest(manifest)
    with open_feedback(database_url) as table, progress_bar("Looking at photos", console) as report:
        result = add_feedback(table, read, out, report)
    for reason, count in sorted(result.left_out.items()):
        console.print(f"Left out {count}: {reason}.", style="yellow", markup=False)
    new_classes = sorted({row.label for row in result.added if row.excluded == NEW_CLASS})
    if new_classes:
        names = ", ".join(new_classes[:_MOST_NOTES])
        console.print(
            f"Note: new classes stay excluded until you empty that column: {names}", style="yellow", markup=False
        )
    if not result.added:
        typer.echo(f"{read.path} stays as it is: no new photo." if result.left_out else "Nobody has said anything yet.")
        return
    typer.echo(f"{out}: {counted(len(result.added), 'new photo')}, for training only.")
    typer.echo(f"{read.path}: {_counted(result.manifest)}.")
    typer.echo(f"Next: car-classifier train --data {read.path}")
    typer.echo(f"Or, in seconds, for a classifier in closed form: car-classifier teach {read.path}")


def _counted(manifest: Manifest) -> str:
    splits = ", ".join(f"{count} {split}" for split, count in sorted(manifest.counts().items()))
    return f"{counted(len(manifest.kept), 'photo')} of {counted(len(manifest.labels), 'class')} ({splits})"


def demo(
    classes: Annotated[int, setting(DemoRecipe, "classes")] = default_of(DemoRecipe, "classes"),
    per_class: Annotated[int, setting(DemoRecipe, "per_class")] = default_of(DemoRecipe, "per_class"),
    hard: Annotated[
        bool,
        typer.Option(
            help="Whether two models differ in nothing but the hub of their wheels, and five photos have a wrong "
            "label, which wrong_labels.csv lists.",
        ),
    ] = False,
    seed: SeedOption = 0,
    out: Annotated[Path, typer.Option(help="Folder to write images/ and parts.csv to.")] = Path("data/demo"),
) -> None:
    """Draw photo-like pictures of invented cars, to try everything without your own photos."""
    from car_classifier.demo_cars import DemoSettings, draw_demo_set

    with progress_bar("Drawing cars", console) as report:
        drawn = draw_demo_set(out, DemoSettings(classes, per_class, seed, hard), report)
    typer.echo(
        f"{out}: {counted(classes * per_class, 'photo')} of {counted(classes, 'model')}"
        + ("." if drawn else ", drawn before.")
    )
    typer.echo(f"Next: car-classifier data index {out / 'images'} --out {out / 'manifest.csv'}")
