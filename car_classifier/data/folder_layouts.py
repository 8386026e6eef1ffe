"""Reading classes from the folders that photos lie in, or from their file names."""

from collections.abc import Sequence
from dataclasses import replace

from car_classifier.data.class_labels import make_and_model, read_classes, spelling_key
from car_classifier.data.file_names import CarName, class_before_number
from car_classifier.data.photo_sources import Candidate, LeftOut
from car_classifier.data.placed_photos import GENERAL_WORDS, PlacedPhoto, are_plausible, is_named_after_folder
from car_classifier.words import counted, noun

MOST_NAMES = 5
"""Photos that contradict their folder and are named."""
_NO_CLASS = "lies in no class folder, and its name does not begin with a class"
_NO_NAME = "its name says no class; put it into a folder of its class, or into a list"


def by_folders(
    photos: Sequence[PlacedPhoto],
    left_out: list[LeftOut],
    notes: list[str],
    makes: bool | None = None,
    only_folders: bool = False,
) -> list[Candidate]:
    """Read each photo's class from its folder.

    A photo in no class folder counts if its name begins with one of these classes. It can also be of a further class,
    if the names of such photos repeat and all class folders are called `Make_Model` as well.

    Args:
        photos: The photos.
        left_out: Photos without a class are appended to it.
        notes: What the user should know is appended to it.
        makes: Whether `Make_Model` names a make: see `read_classes`.
        only_folders: Whether names of photos give no further classes.
    """
    loose = [photo for photo in photos if photo.class_folder is None]
    in_splits = {photo.class_folder for photo in photos if photo.is_below_split}
    outside = {
        photo.path for photo in photos if in_splits and photo.split is None and photo.class_folder not in in_splits
    }
    in_training = {photo.class_folder for photo in photos if photo.split == "train"} - {None}
    unsorted = {
        photo.path
        for photo in photos
        if photo.split in ("validation", "test") and len(in_training) > 1 and photo.class_folder not in in_training
        if (photo.class_folder or "").lower() in GENERAL_WORDS
    }
    outside |= unsorted
    sorted_in = [photo for photo in photos if photo.class_folder and photo.path not in outside]
    classes = _classes_of_folders(sorted_in, makes, notes)
    known = {spelling_key(folder): pair for folder, pair in classes.items()}
    unknown = [photo for photo in loose if not (photo.car and spelling_key(photo.car.label) in known)]
    can_add = not only_folders and are_plausible(unknown) and all(map(_has_form, classes))
    added: list[Candidate] = []
    candidates = []
    for photo in photos:
        folder = photo.class_folder
        if photo.path in unsorted:
            left_out.append(LeftOut(photo.path, f"'{folder}' is no class of the photos for training"))
        elif folder and photo.path in outside:
            left_out.append(LeftOut(photo.path, f"'{folder}' lies outside of the splits and is no class of theirs"))
        elif folder:
            candidates.append(_sorted(photo, *classes[folder]))
        elif photo.car is None:
            left_out.append(LeftOut(photo.path, _NO_CLASS if classes else _NO_NAME))
        elif spelling_key(photo.car.label) in known:
            candidates.append(Candidate(photo.path, *known[spelling_key(photo.car.label)], photo.car.year, photo.split))
        elif can_add and not (photo.split and in_splits):  # `val/ILSVRC2012_val_1.jpg` beside `train/n1/` is no class
            added.append(_named(photo, photo.car, makes))
        else:
            left_out.append(LeftOut(photo.path, _NO_CLASS))
    notes += _contradiction_note(sorted_in)
    if added and classes:
        notes.append(
            f"{counted(len(added), 'photo')} in no class folder gave classes by name: {added[0].path.name} is of class "
            f"{added[0].label}. --classes folders leaves them out."
        )
    return candidates + added


def _contradiction_note(photos: Sequence[PlacedPhoto]) -> list[str]:
    """A note on photos that are named after the class of another folder than theirs."""
    others = {spelling_key(photo.class_folder or "") for photo in photos}
    wrong = [
        f"{photo.path.parent.name}/{photo.path.name}"
        for photo in photos
        if photo.car and spelling_key(photo.car.label) in others and not is_named_after_folder(photo)
    ]
    if not wrong:
        return []
    names = ", ".join(wrong[:MOST_NAMES]) + (" …" if len(wrong) > MOST_NAMES else "")
    return [
        f"{counted(len(wrong), 'photo is', 'photos are')} named after another class than that of the folder, which "
        f"counts: {names}"
    ]


def _has_form(label: str) -> bool:
    return bool(make_and_model(label)[0])


def by_names(
    photos: Sequence[PlacedPhoto],
    left_out: list[LeftOut],
    notes: list[str],
    makes: bool | None = None,
    trust_folders: bool = False,
) -> list[Candidate]:
    """Read each photo's class from its file name.

    Args:
        photos: The photos.
        left_out: Photos without a class are appended to it.
        notes: What the user should know is appended to it.
        makes: Whether `Make_Model` names a make; if left out, it does.
        trust_folders: Read photos in a folder `Make_Model` by that folder.
    """
    by_folder: list[PlacedPhoto] = []
    by_name: list[PlacedPhoto] = []
    for photo in photos:
        is_trusted = trust_folders and "_" in (photo.class_folder or "")
        (by_folder if is_trusted else by_name).append(photo)
    candidates = by_folders(by_folder, left_out, notes, makes)
    for photo in by_name:
        if photo.car is None:
            left_out.append(LeftOut(photo.path, _NO_NAME))
        else:
            candidates.append(_named(photo, photo.car, makes))
    return candidates


def by_numbered_names(
    photos: Sequence[PlacedPhoto], left_out: list[LeftOut], notes: list[str], makes: bool | None = None
) -> list[Candidate]:
    """Read each photo's class from its file name without the number at its end, as in `cat.0.jpg`.

    Args:
        photos: The photos.
        left_out: Photos without a class are appended to it.
        notes: What the user should know is appended to it.
        makes: Whether `Make_Model` names a make; if left out, it does not.
    """
    names = {photo.path: class_before_number(photo.path.name) for photo in photos}
    classes = read_classes(filter(None, names.values()), makes or False, notes)
    left_out += [LeftOut(path, _NO_NAME) for path, name in names.items() if not name]
    split = {photo.path: photo.split for photo in photos}
    return [Candidate(path, *classes[name], None, split[path]) for path, name in names.items() if name]


def _named(photo: PlacedPhoto, car: CarName, makes: bool | None) -> Candidate:
    make, model = ("", car.label) if makes is False else (car.make, car.model)
    return Candidate(photo.path, make, model, car.year, photo.split)


def _classes_of_folders(
    photos: Sequence[PlacedPhoto], makes: bool | None, notes: list[str]
) -> dict[str, tuple[str, str]]:
    """Make and model of each class folder. Names of photos can say which part of `Audi A4` is the make."""
    known = {
        photo.class_folder: (photo.car.make, photo.car.model)
        for photo in photos
        if photo.class_folder and photo.car and "_" not in photo.class_folder
        if spelling_key(photo.car.label) == spelling_key(photo.class_folder)
    }
    return read_classes({photo.class_folder or "" for photo in photos}, makes, notes, known)


def _sorted(photo: PlacedPhoto, make: str, model: str) -> Candidate:
    """A photo whose folder is its class; its name can say the year."""
    candidate = Candidate(photo.path, make, model, None, photo.split)
    return replace(candidate, year=photo.car.year) if photo.car and photo.car.label == candidate.label else candidate


def nested_note(photos: Sequence[PlacedPhoto]) -> list[str]:
    """A note on the folders inside class folders, which are no classes."""
    nested = sorted(
        {
            "/".join(photo.folders)
            for photo in photos
            if photo.folders and photo.folders[-1] != photo.class_folder and photo.class_folder
        }
    )
    if not nested:
        return []
    folders = nested[0].split("/")
    owner = next(photo.class_folder for photo in photos if "/".join(photo.folders) == nested[0])
    return [
        f"Photos in {counted(len(nested), 'deeper folder')} belong to the class folder above "
        f"{noun(len(nested), 'it', 'them')}, such as those in {nested[0]} "
        f"to {owner}. If {folders[-1]} should be a class, move it up or give a list."
    ]
