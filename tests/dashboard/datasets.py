"""Small data sets made by hand, for tests of searches."""

from pathlib import Path

from dashboard.photos.dataset import Dataset, DatasetPhoto


def photo(name: str, label: str = "Audi_A4", **about) -> DatasetPhoto:
    """A photo with defaults for the columns that a test leaves out."""
    make, _, model = label.partition("_")
    known = {"year": None, "split": "", "near_duplicate_group": "", "excluded": "", "prefilter_score": None}
    return DatasetPhoto(
        id=f"id-{name}", path=Path(name), file_name=name, make=make, model=model, label=label, **known | about
    )


def names(photos) -> str:
    """The photos' file names in order, as one text."""
    return " ".join(photo.file_name for photo in photos)


def dataset(*photos: DatasetPhoto) -> Dataset:
    """A data set of these photos."""
    return Dataset(photos)
