"""Public layouts of photos, made from noise: which classes each gives, and what the user is told."""

import json
import re
import unicodedata
from collections import Counter

import numpy as np
import pytest
from scipy.io import savemat

from car_classifier.data.indexing import index_photos
from car_classifier.data.layouts import Classes, find_photos
from car_classifier.data.list_layouts import SPREADSHEETS, TABLES
from car_classifier.data.list_rows import ID_COLUMNS, LABEL_COLUMNS
from car_classifier.data.manifest import read_manifest
from car_classifier.data.photo_sources import FILE_COLUMNS
from car_classifier.errors import UserError
from tests.support.repository import ROOT

CAMERA = ("IMG_0001.jpg", "IMG_0002.jpg", "IMG_0003.jpg")


def in_folders(*folders, names=CAMERA):
    return [f"{folder}/{name}" for folder in folders for name in names]


def listed(header, *rows, separator=",", end="\n", encoding="utf-8"):
    return end.join(separator.join(cells) for cells in (header, *rows, ("",))).encode(encoding)


def annotations(**fields):
    """Rows as MATLAB stores them: an array of structures."""
    count = len(next(iter(fields.values())))
    rows = np.zeros(count, dtype=[(name, object) for name in fields])
    for name, values in fields.items():
        rows[name] = values
    return rows


def stanford_cars(folder):
    rows = annotations(
        relative_im_path=["car_ims/000001.jpg", "car_ims/000002.jpg", "car_ims/000003.jpg"],
        **{"class": [1, 1, 2]},
        test=[0, 1, 0],
    )
    names = np.array(["AM General Hummer SUV 2000", "Ram C/V Cargo Van Minivan 2012"], dtype=object)
    savemat(folder / "cars_annos.mat", {"annotations": rows, "class_names": names})


def stanford_devkit(folder):
    names = np.array(["AM General Hummer SUV 2000", "Acura RL Sedan 2012"], dtype=object)
    (folder / "devkit").mkdir()
    savemat(folder / "devkit" / "cars_meta.mat", {"class_names": names})
    train = annotations(fname=["00001.jpg", "00002.jpg"], **{"class": [1, 2]})
    savemat(folder / "devkit" / "cars_train_annos.mat", {"annotations": train})
    savemat(
        folder / "cars_test_annos_withlabels.mat", {"annotations": annotations(fname=["00001.jpg"], **{"class": [2]})}
    )


def cub(folder):
    names = [
        "001.Black_footed_Albatross/Black_Footed_Albatross_0001_796111.jpg",
        "002.Laysan_Albatross/L_0002_1027.jpg",
    ]
    lists = {
        "images.txt": names,
        "image_class_labels.txt": ["1", "2"],
        "train_test_split.txt": ["1", "0"],
        "classes.txt": ["001.Black_footed_Albatross", "002.Laysan_Albatross"],
    }
    for name, lines in lists.items():
        (folder / name).write_text("".join(f"{number} {line}\n" for number, line in enumerate(lines, start=1)))


def written(name, content):
    def write(folder):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


ROWS = (("a/1.jpg", "cats"), ("a/2.jpg", "cats"), ("b/1.jpg", "dogs"))
ANIMALS = ["a/1.jpg", "a/2.jpg", "b/1.jpg"]
TWO_CLASSES = {"cats": 2, "dogs": 1}

# What a layout is called: the photos, a list or None, and the number of photos of each class (and split, if it says).
LAYOUTS = {
    "Keras image_dataset_from_directory": (in_folders("cats", "dogs"), None, {"cats": 3, "dogs": 3}),
    "torchvision ImageFolder with wordnet ids": (
        [f"{split}/n0144{i}/n0144{i}_{k}.JPEG" for split in ("train", "val") for i in (1, 2) for k in (10026, 27)],
        None,
        {"n01441/train": 2, "n01442/train": 2, "n01441/validation": 2, "n01442/validation": 2},
    ),
    "YOLO classification": (
        in_folders("train/cats", "train/dogs", "val/cats", "val/dogs", "test/cats"),
        None,
        {"cats/train": 3, "dogs/train": 3, "cats/validation": 3, "dogs/validation": 3, "cats/test": 3},
    ),
    "other spellings of splits": (
        in_folders("Training/cats", "training_set/dogs", "dev/cats", "VALID/dogs", "Testing/cats"),
        None,
        {"cats/train": 3, "dogs/train": 3, "cats/validation": 3, "dogs/validation": 3, "cats/test": 3},
    ),
    "Food-11": (
        in_folders("Training/Bread", "Training/Egg", "Validation/Egg", "Evaluation/Bread"),
        None,
        {"Bread/train": 3, "Egg/train": 3, "Egg/validation": 3, "Bread/test": 3},
    ),
    "Kaggle's copy of Stanford Cars": (
        in_folders("car_data/car_data/train/Acura RL Sedan 2012", "car_data/car_data/test/Ram C-V Cargo Van"),
        None,
        {"Acura RL Sedan 2012/train": 3, "Ram C-V Cargo Van/test": 3},
    ),
    "Intel image classification": (
        in_folders(*(f"seg_{place}" for place in ("train/seg_train/sea", "test/seg_test/sea", "train/seg_train/forest",
                                                  "pred/seg_pred"))),
        None,
        {"sea/train": 3, "sea/test": 3, "forest/train": 3},
    ),
    "Kaggle's cats and dogs": (
        [f"PetImages/{animal}/{i}.jpg" for animal in ("Cat", "Dog") for i in range(3)], None, {"Cat": 3, "Dog": 3}
    ),
    "Caltech 101": (
        [f"101_ObjectCategories/{name}/image_000{i}.jpg" for name in ("anchor", "BACKGROUND_Google") for i in range(3)],
        None,
        {"anchor": 3, "BACKGROUND_Google": 3},
    ),
    "TensorFlow flowers": (
        [f"flower_photos/{name}/10090824{i}_d02c613f1{i}_m.jpg" for name in ("roses", "tulips") for i in range(3)],
        None,
        {"roses": 3, "tulips": 3},
    ),
    "Food-101": (in_folders("images/apple_pie", "images/waffles"), None, {"apple_pie": 3, "waffles": 3}),
    "vehicles, of which train is one": (in_folders("bus", "car", "train"), None, {"bus": 3, "car": 3, "train": 3}),
    "vehicles, of which train is one, in splits": (
        in_folders("bus/train", "bus/test", "train/train", "train/test"),
        None,
        {"bus/train": 3, "train/train": 3, "bus/test": 3, "train/test": 3},
    ),
    "a folder of trains inside the class bus": (
        in_folders("bus/train", "bus/city", "car/city"), None, {"bus": 6, "car": 3}
    ),
    "a folder of trains inside a class alone": (in_folders("bus/train", "car"), None, {"bus": 3, "car": 3}),
    "a class train of several folders": (
        in_folders("bus/city", "car/city", "train/steam", "train/train"), None, {"bus": 3, "car": 3, "train": 6}
    ),
    "splits inside classes, but for one": (
        in_folders("bus/train", "bus/test", "car/train", "car/test", "van"),
        None,
        {"bus/train": 3, "car/train": 3, "bus/test": 3, "car/test": 3, "van/None": 3},
    ),
    "a class train below splits": (
        in_folders("train/bus", "train/train", "test/bus", "test/train"),
        None,
        {"bus/train": 3, "train/train": 3, "bus/test": 3, "train/test": 3},
    ),
    "a split in a folder of its name, beside another split": (
        in_folders("train/train/bus", "train/train/car", "test/bus", "test/car"),
        None,
        {"bus/train": 3, "car/train": 3, "bus/test": 3, "car/test": 3},
    ),
    "splits inside of the classes": (
        in_folders("cats/train", "cats/test", "dogs/train"), None, {"cats/train": 3, "cats/test": 3, "dogs/train": 3}
    ),
    "MVTec": (
        in_folders("bottle/train/good", "bottle/test/good", "bottle/test/broken"),
        None,
        {"good/train": 3, "good/test": 3, "broken/test": 3},
    ),
    "deeper folders": (in_folders("cats/outside", "cats/home/bed", "dogs"), None, {"cats": 6, "dogs": 3}),
    "a folder of a make around its models": (
        in_folders("Kia/Kia_Rio", "Kia/Kia_Ceed", "Audi/Audi_A4"), None, {"Kia_Rio": 3, "Kia_Ceed": 3, "Audi_A4": 3}
    ),
    "the original data set, flat": (
        ["Kia_Rio_2015_20.jpg", "Kia_Rio_2016_21.jpg", "Audi_A4_2015_20.jpg"], None, {"Kia_Rio": 2, "Audi_A4": 1}
    ),
    "the original data set in folders of its years": (
        ["photos/Kia_Rio_2015_20.jpg", "photos/Kia_Rio_2016_21.jpg", "photos/Audi_A4_2015_20.jpg",
         "photos/Audi_A4_2015_23.jpg"],
        None,
        {"Kia_Rio": 2, "Audi_A4": 2},
    ),
    "names of classes without underscore": (
        [f"Audi A4/Audi_A4_2015_{i}.jpg" for i in range(3)] + [f"Kia Rio/Kia_Rio_{i}.jpg" for i in range(3)],
        None,
        {"Audi_A4": 3, "Kia_Rio": 3},
    ),
    "names of folders beside names of photos": (
        ["Audi_A4/1.jpg", "Audi_A4/2.jpg", "Kia_Rio_2015.jpg", "Kia_Rio_2016.jpg", "new/Kia_Rio_1.jpg",
         "new/Kia_Rio_2.jpg"],
        None,
        {"Audi_A4": 2, "Kia_Rio": 4},
    ),
    "classes below images, and their masks": (
        in_folders("images/cats", "images/dogs", "masks/cats", "masks/dogs"), None, {"cats": 3, "dogs": 3}
    ),
    "images and masks in splits": (
        in_folders("train/images/cats", "train/images/dogs", "train/masks/cats", "val/images/cats", "val/masks/cats"),
        None,
        {"cats/train": 3, "dogs/train": 3, "cats/validation": 3},
    ),
    "Carvana, sorted": (
        in_folders("train/cats", "train/dogs", "train_masks/cats"), None, {"cats/train": 3, "dogs/train": 3}
    ),
    "images and masks in each class": (
        in_folders("cats/images", "cats/masks", "dogs/images", "dogs/masks"), None, {"cats": 3, "dogs": 3}
    ),
    "Oxford pets": (
        ["images/Abyssinian_1.jpg", "images/beagle_1.jpg", "annotations/trimaps/beagle_1.png"],
        written("list.csv", listed(("file", "label"), ("Abyssinian_1.jpg", "Abyssinian"), ("beagle_1.jpg", "beagle"))),
        {"Abyssinian": 1, "beagle": 1},
    ),
    "Oxford pets, photos alone": (
        [f"images/{breed}_{i}.jpg" for breed in ("Abyssinian", "beagle", "american_bulldog") for i in range(1, 4)],
        None,
        {"Abyssinian": 3, "beagle": 3, "american_bulldog": 3},
    ),
    "Dogs vs. Cats": (
        [f"train/{animal}.{i}.jpg" for animal in ("cat", "dog") for i in range(3)] + ["test1/1.jpg", "test1/2.jpg"],
        None,
        {"cat": 3, "dog": 3},
    ),
    "names that Windows numbered": (
        [f"{flower} ({i}).jpg" for flower in ("rose", "Tulip") for i in range(3)], None, {"rose": 3, "Tulip": 3}
    ),
    "a make and numbered photos": (
        [f"Peugeot_{model}_{i}.jpg" for model in (205, 206) for i in range(3)], None,
        {"Peugeot_205": 3, "Peugeot_206": 3},
    ),
    "CUB-200-2011, photos alone": (
        in_folders("001.Black_footed_Albatross", "002.Laysan_Albatross"),
        None,
        {"001.Black_footed_Albatross": 3, "002.Laysan_Albatross": 3},
    ),
    "folds for cross-validation": (
        in_folders("fold_1/cats", "fold_1/dogs", "fold_2/cats", "fold_2/dogs"), None, {"cats": 6, "dogs": 6}
    ),
    "splits of which images is a part of the name": (
        in_folders("images_train/cats", "images_train/dogs", "images_test/cats"),
        None,
        {"cats/train": 3, "dogs/train": 3, "cats/test": 3},
    ),
    "Tiny ImageNet": (
        in_folders("train/n01/images", "train/n02/images", "val/images", "test/images"),
        written("val/val_annotations.txt", "IMG_0001.jpg\tn01\t0\t0\t9\t9\n"),
        {"n01/train": 3, "n02/train": 3},
    ),
    "chest X-rays": (
        [f"{split}/{kind}/person{i}_bacteria_{i}.jpeg" for split in ("train", "test") for kind in ("NORMAL", "LUNG")
         for i in range(3)],
        None,
        {"NORMAL/train": 3, "LUNG/train": 3, "NORMAL/test": 3, "LUNG/test": 3},
    ),
    "iNaturalist mini": (
        in_folders("train_mini/cats", "train_mini/dogs", "val/cats"),
        None,
        {"cats/train": 3, "dogs/train": 3, "cats/validation": 3},
    ),
    "a list, and masks that are called as their photos": (
        ["images/1.png", "images/2.png", "masks/1.png", "masks/2.png"],
        written("list.csv", listed(("file", "label"), ("1.png", "cats"), ("2.png", "dogs"))),
        {"cats": 1, "dogs": 1},
    ),
    "breast ultrasound, masks beside their photos": (
        [f"{name}/{name} ({i}){end}.png" for name in ("benign", "normal") for i in (1, 2)
         for end in ("", "_mask", "_mask_1")],
        None,
        {"benign": 2, "normal": 2},
    ),
    "masks for faces": (in_folders("mask", "no_mask"), None, {"mask": 3, "no_mask": 3}),
    "CSV with file and label": (ANIMALS, written("list.csv", listed(("file", "label"), *ROWS)), TWO_CLASSES),
    "CSV of a German Excel": (
        ANIMALS,
        written("list.csv", listed(("Image", "Class"), *ROWS, separator=";", end="\r\n", encoding="utf-8-sig")),
        TWO_CLASSES,
    ),
    "text for Excel in UTF-16": (
        ANIMALS, written("l.csv", listed(("path", "category"), *ROWS, separator="\t", encoding="utf-16")), TWO_CLASSES
    ),
    "CSV for Excel with a line for the separator": (
        ANIMALS,
        written("list.csv", b"sep=;\r\n" + listed(("file", "label"), *ROWS, separator=";", end="\r\n")),
        TWO_CLASSES,
    ),
    "text with tabs": (ANIMALS, written("l.txt", listed(("file", "label"), *ROWS, separator="\t")), TWO_CLASSES),
    "text in UTF-32": (ANIMALS, written("l.csv", listed(("file", "label"), *ROWS, encoding="utf-32")), TWO_CLASSES),
    "text in UTF-32 without a mark": (
        ANIMALS, written("l.csv", listed(("file", "label"), *ROWS, encoding="utf-32-le")), TWO_CLASSES
    ),
    "CSV with quotes and spaces": (
        ANIMALS,
        written("l.csv", '"file_name" , "label"\n' + "".join(f'"{name}" , "{label}" \n' for name, label in ROWS)),
        TWO_CLASSES,
    ),
    "JSON lines with a separator of lines in a text": (
        ANIMALS,
        written("metadata.jsonl", "".join(f'{{"file_name": "{name}", "label": "{label}", "text": "a\u2028b"}}\n'
                                          for name, label in ROWS)),
        TWO_CLASSES,
    ),
    "CSV in Windows-1252": (
        ANIMALS,
        written("l.csv", listed(("file", "label"), ("a/1.jpg", "Löwe"), ("b/1.jpg", "Kuh"), encoding="cp1252")),
        {"Löwe": 1, "Kuh": 1},
    ),
    "Kaggle's ids without suffix": (
        ["train/a0.jpg", "train/a1.jpg", "train/a2.jpg", "test/b.jpg"],
        written("labels.csv", listed(("id", "label"), ("a0", "cats"), ("a1", "cats"), ("a2", "dogs"))),
        {"cats/train": 2, "dogs/train": 1},
    ),
    "Cassava": (
        ["train_images/1.jpg", "train_images/2.jpg", "test_images/3.jpg"],
        written("train.csv", "image_id,label\n1.jpg,0\n2.jpg,3\n"),
        {"0/train": 1, "3/train": 1},
    ),
    "ids with their folders": (
        ["images/cats/1.jpg", "images/cats/2.jpg", "images/dogs/1.jpg"],
        written("l.csv", listed(("image", "label"), *((f"{name}s/{i}", f"{name}s") for name, i in
                                                      (("cat", 1), ("cat", 2), ("dog", 1))))),
        {"cats": 2, "dogs": 1},
    ),
    "ids of photos with masks": (
        ["images/1.jpg", "images/2.jpg", "images/3.jpg", "masks/1.png", "masks/2.png"],
        written("l.csv", listed(("image_id", "label"), ("1", "cats"), ("2", "cats"), ("3", "dogs"))),
        TWO_CLASSES,
    ),
    "a table that numbers the classes": (
        [f"{name}/{i}.jpg" for name, first in (("cats", 0), ("dogs", 3)) for i in range(first, first + 3)],
        written("classes.csv", listed(("id", "label"), ("0", "cats"), ("1", "dogs"))),
        {"cats": 3, "dogs": 3},
    ),
    "YOLO's text beside each photo": (
        [f"{name}/{i}.jpg" for name in ("cats", "dogs") for i in range(2)],
        lambda folder: [written(f"{name}/{i}.txt", "0 0.5 0.5")(folder) for name in ("cats", "dogs") for i in range(2)],
        {"cats": 2, "dogs": 2},
    ),
    "TSV of Windows": (
        ANIMALS,
        written("list.tsv", listed(("filename", "label"), *ROWS, separator="\t", end="\r\n").replace(b"/", b"\\")),
        TWO_CLASSES,
    ),
    "CSV with spaces, and file names without their folder": (
        ["photos/x1.jpg", "photos/x2.jpg", "photos/x3.jpg"],
        written("labels.csv", "Image , Class\nx1.jpg , cats\nx2.jpg,cats \n x3.jpg, dogs\n"),
        TWO_CLASSES,
    ),
    "train.csv and test.csv": (
        ANIMALS,
        lambda folder: (
            written("train.csv", listed(("image", "label"), *ROWS[:1], *ROWS[2:]))(folder),
            written("test.csv", listed(("image", "label"), *ROWS[1:2]))(folder),
        ),
        {"cats/train": 1, "cats/test": 1, "dogs/train": 1},
    ),
    "Hugging Face imagefolder, metadata.jsonl": (
        ["train/0001.png", "train/0002.png", "test/0001.png"],
        lambda folder: (
            written("train/metadata.jsonl", '{"file_name": "0001.png", "label": "cats"}\n'
                    '{"file_name": "0002.png", "label": "dogs"}\n')(folder),
            written("test/metadata.jsonl", '{"file_name": "0001.png", "label": "cats"}\n')(folder),
        ),
        {"cats/train": 1, "dogs/train": 1, "cats/test": 1},
    ),
    "Hugging Face imagefolder, metadata.csv": (
        ["0001.png", "0002.png"], written("metadata.csv", "file_name,label\n0001.png,7\n0002.png,8\n"), {"7": 1, "8": 1}
    ),
    "a list above the folders of the splits": (
        ["train/1.png", "train/2.png", "test/3.png"],
        written("metadata.csv", "file_name,label\ntrain/1.png,7\ntrain/2.png,8\ntest/3.png,7\n"),
        {"7/train": 1, "8/train": 1, "7/test": 1},
    ),
    "a list in the folder of one split": (
        ["train/1.png", "train/2.png", "test/3.png"],
        written("train/metadata.csv", "file_name,label\n1.png,7\n2.png,8\n../test/3.png,7\n"),
        {"7/train": 1, "8/train": 1, "7/test": 1},
    ),
    "a list of photos for testing alone": (
        ["test/1.png", "test/2.png"],
        written("metadata.csv", "file_name,label\ntest/1.png,7\ntest/2.png,8\n"),
        {"7": 1, "8": 1},
    ),
    "a list of vehicles, of which train is one": (
        ["bus/1.png", "train/1.png"],
        written("metadata.csv", "file_name,label\nbus/1.png,bus\ntrain/1.png,train\n"),
        {"bus": 1, "train": 1},
    ),
    "Hugging Face imagefolder, captions only": (
        in_folders("train/cats", "train/dogs"),
        written("train/metadata.csv", "file_name,text\ncats/IMG_0001.jpg,a cat\n"),
        {"cats/train": 3, "dogs/train": 3},
    ),
    "CUB-200-2011": (
        ["images/001.Black_footed_Albatross/Black_Footed_Albatross_0001_796111.jpg",
         "images/002.Laysan_Albatross/L_0002_1027.jpg"],
        cub,
        {"001.Black_footed_Albatross/train": 1, "002.Laysan_Albatross/test": 1},
    ),
    "CUB-200-2011 as its archive unpacks": (
        ["CUB_200_2011/images/001.Black_footed_Albatross/Black_Footed_Albatross_0001_796111.jpg",
         "CUB_200_2011/images/002.Laysan_Albatross/L_0002_1027.jpg"],
        lambda folder: (written("attributes.txt", "1 has_bill_shape::curved")(folder), cub(folder / "CUB_200_2011")),
        {"001.Black_footed_Albatross/train": 1, "002.Laysan_Albatross/test": 1},
    ),
    "CUB-200-2011 on Kaggle, with its masks": (
        ["CUB_200_2011/images/001.Black_footed_Albatross/Black_Footed_Albatross_0001_796111.jpg",
         "CUB_200_2011/images/002.Laysan_Albatross/L_0002_1027.jpg",
         "segmentations/001.Black_footed_Albatross/Black_Footed_Albatross_0001_796111.png"],
        lambda folder: cub(folder / "CUB_200_2011"),
        {"001.Black_footed_Albatross/train": 1, "002.Laysan_Albatross/test": 1},
    ),
    "Stanford Cars, devkit, each in a folder of its name": (
        ["cars_train/cars_train/00001.jpg", "cars_train/cars_train/00002.jpg", "cars_test/cars_test/00001.jpg"],
        lambda folder: (stanford_devkit(folder), (folder / "car_devkit").mkdir(),
                        (folder / "devkit").rename(folder / "car_devkit" / "devkit")),
        {"AM General Hummer SUV 2000/train": 1, "Acura RL Sedan 2012/train": 1, "Acura RL Sedan 2012/test": 1},
    ),
    "Hugging Face imagefolder, cloned": (
        ["data/train/0001.png", "data/train/0002.png", "data/test/0001.png"],
        lambda folder: (
            written("README.md", "license: mit")(folder),
            written("data/train/metadata.csv", "file_name,label\n0001.png,7\n0002.png,8\n")(folder),
            written("data/test/metadata.csv", "file_name,label\n0001.png,7\n")(folder),
        ),
        {"7/train": 1, "8/train": 1, "7/test": 1},
    ),
    "a list beside the folder of the photos": (
        ["photos/1.jpg", "photos/2.jpg", "photos/3.jpg"],
        written("annotations/list.csv", listed(("file_name", "label"), ("1.jpg", "cats"), ("2.jpg", "cats"),
                                               ("3.jpg", "dogs"))),
        TWO_CLASSES,
    ),
    "a list with paths from its own folder": (
        ["photos/1.jpg", "photos/2.jpg", "photos/3.jpg"],
        written("lists/list.csv", "path,label\n../photos/1.jpg,cats\n../photos/2.jpg,cats\n../photos/3.jpg,dogs\n"),
        TWO_CLASSES,
    ),
    "lists of splits beside the folder of the photos": (
        ["photos/1.jpg", "photos/2.jpg", "photos/3.jpg"],
        lambda folder: (
            written("lists/train.csv", "file,label\n1.jpg,cats\n2.jpg,dogs\n")(folder),
            written("lists/test.csv", "file,label\n3.jpg,cats\n")(folder),
        ),
        {"cats/train": 1, "dogs/train": 1, "cats/test": 1},
    ),
    "a list of a part of one class": (
        in_folders("cats", "dogs", "hens"),
        written("cats/list.csv", "file,label\nIMG_0001.jpg,tabby\nIMG_0002.jpg,siamese\n"),
        {"cats": 3, "dogs": 3, "hens": 3},
    ),
    "a list written on Windows, where case does not count": (
        ["P1.JPG", "P2.JPG", "Sub/P3.JPG", "q.jpg", "Q.jpg"],
        written("list.csv", listed(("file", "label"), ("p1.jpg", "cats"), ("p2.jpg", "cats"), ("sub/p3.jpg", "dogs"),
                                   ("q.jpg", "dogs"))),
        {"cats": 2, "dogs": 2},
    ),
    "Stanford Cars, one list": (
        ["car_ims/000001.jpg", "car_ims/000002.jpg", "car_ims/000003.jpg"],
        stanford_cars,
        {"AM General Hummer SUV 2000/train": 1, "AM General Hummer SUV 2000/test": 1,
         "Ram C/V Cargo Van Minivan 2012/train": 1},
    ),
    "Stanford Cars, devkit": (
        ["cars_train/00001.jpg", "cars_train/00002.jpg", "cars_test/00001.jpg"],
        stanford_devkit,
        {"AM General Hummer SUV 2000/train": 1, "Acura RL Sedan 2012/train": 1, "Acura RL Sedan 2012/test": 1},
    ),
}  # fmt: skip


@pytest.fixture
def laid_out(photos_in):
    def lay(names, write_list=None):
        folder = photos_in(*names)
        if write_list:
            write_list(folder)
        return folder

    return lay


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_public_layout_gives_its_classes(laid_out, tmp_path, layout):
    names, write_list, classes = LAYOUTS[layout]
    found = find_photos(laid_out(names, write_list), tmp_path / "manifest.csv")
    says_split = any(candidate.split for candidate in found.candidates)
    counted = Counter(f"{item.label}/{item.split}" if says_split else item.label for item in found.candidates)
    assert counted == classes


MAKES = {
    "Food-101": {("", "apple_pie"), ("", "waffles")},
    "a folder of a make around its models": {("Kia", "Rio"), ("Kia", "Ceed"), ("Audi", "A4")},
    "names of classes without underscore": {("Audi", "A4"), ("Kia", "Rio")},
    "CUB-200-2011": {("", "001.Black_footed_Albatross"), ("", "002.Laysan_Albatross")},
    "CUB-200-2011, photos alone": {("", "001.Black_footed_Albatross"), ("", "002.Laysan_Albatross")},
    "Oxford pets, photos alone": {("", "Abyssinian"), ("", "beagle"), ("", "american_bulldog")},
    "Keras image_dataset_from_directory": {("", "cats"), ("", "dogs")},
}


@pytest.mark.parametrize("layout", MAKES)
def test_a_class_without_a_make_stands_alone(laid_out, tmp_path, layout):
    folder = laid_out(*LAYOUTS[layout][:2])
    found = find_photos(folder, tmp_path / "manifest.csv").candidates
    assert {(item.make, item.model) for item in found} == MAKES[layout]
    alone = find_photos(folder, tmp_path / "manifest.csv", makes=False).candidates
    assert {item.make for item in alone} == {""}
    assert [item.label for item in alone] == [
        item.label if layout != "names of classes without underscore" else item.label.replace("_", " ")
        for item in found
    ]


def test_a_manifest_without_makes_is_read_back_and_is_a_list(laid_out, tmp_path):
    names = in_folders("snow_leopard", "cats")
    manifest = index_photos(laid_out(names), tmp_path / "manifest.csv", makes=False).manifest
    assert read_manifest(manifest.path) == manifest
    assert manifest.makes() == {"cats": "cats", "snow_leopard": "snow_leopard"}
    again = index_photos(manifest.path, tmp_path / "again" / "manifest.csv").manifest
    assert [(row.make, row.label, row.split) for row in again.rows] == [
        (row.make, row.label, row.split) for row in manifest.rows
    ]


MIXED = in_folders("golden_retriever", "no_skip", "skip")
MIXED_LIST = written("list.csv", listed(("file", "label"), ("a/1.jpg", "no_skip"), ("b/1.jpg", "skip")))


@pytest.mark.parametrize(
    ("names", "write_list", "options", "read", "note"),
    [
        (MIXED, None, {}, {("", "golden_retriever"), ("", "no_skip"), ("", "skip")}, "golden_retriever"),
        (MIXED, None, {"makes": False}, {("", "golden_retriever"), ("", "no_skip"), ("", "skip")}, None),
        (MIXED, None, {"makes": True}, {("golden", "retriever"), ("no", "skip"), ("", "skip")}, None),
        (in_folders("no_skip", "golden_retriever"), None, {}, {("no", "skip"), ("golden", "retriever")}, None),
        (in_folders("Audi_A4", "Kia_Rio", "Kia Rio"), None, {}, {("Audi", "A4"), ("Kia", "Rio")}, None),
        (in_folders("train/Audi_A4", "train/Kia_Rio", "unlabelled"), None, {}, {("Audi", "A4"), ("Kia", "Rio")}, None),
        (["Audi_A4/1.jpg", "new/1.jpg", "Audi_A4_2015.jpg"], None, {}, {("", "Audi_A4"), ("", "new")}, "Audi_A4"),
        (ANIMALS, MIXED_LIST, {}, {("", "no_skip"), ("", "skip")}, "no_skip"),
        (ANIMALS, MIXED_LIST, {"makes": True}, {("no", "skip"), ("", "skip")}, None),
        (ANIMALS, written("list.csv", "file,make,model,label\na/1.jpg,Audi,A4,\nb/1.jpg,,,a_cat\n"), {},
         {("Audi", "A4"), ("", "a_cat")}, None),
        (ANIMALS, written("list.csv", "file_name,make,model\na/1.jpg,Audi,A4\na/2.jpg,,no_car\nb/1.jpg,nan,cat\n"), {},
         {("Audi", "A4"), ("", "no_car"), ("", "cat")}, None),
    ],
)  # fmt: skip
def test_a_make_is_read_where_all_classes_have_one(laid_out, tmp_path, names, write_list, options, read, note):
    found = find_photos(laid_out(names, write_list), tmp_path / "manifest.csv", **options)
    assert {(item.make, item.model) for item in found.candidates} == read
    said = [line for line in found.notes if "--makes" in line]
    assert len(said) == bool(note)
    if note:
        plain = "new" if "new" in {item.label for item in found.candidates} else "skip"
        make, model = note.split("_")
        assert said == [
            f"No makes were read, because not all classes are named Make_Model: {plain} is not. With --makes, the "
            f"class {note} is of make {make}."
        ]


def test_the_page_names_every_column_that_a_list_may_have():
    page = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    row = {
        line.split("|")[1].strip(): re.findall(r"`(\w+)`", line) for line in page.splitlines() if line.count("|") == 3
    }
    assert row["the photo"] == [*FILE_COLUMNS, *ID_COLUMNS]
    assert row["its class"] == ["make", "model", *LABEL_COLUMNS]
    named = re.findall(r"`(\.\w+)`", page[page.index("**Listed**") : page.index("## The manifest")])
    assert {*named} == {*TABLES, SPREADSHEETS[0]}


# --- Two readings ---

BY_MAKE = [
    f"{make}/{make}_{model}_{i}.jpg"
    for make, model in (("Audi", "A4"), ("Audi", "A5"), ("Kia", "Rio"))
    for i in range(3)
]


def test_two_readings_that_differ_must_be_chosen_from(laid_out, tmp_path):
    folder = laid_out(BY_MAKE)
    with pytest.raises(UserError) as error:
        find_photos(folder, tmp_path / "manifest.csv")
    assert str(error.value).endswith(
        "can be read in two ways. By folders: Audi/Audi_A4_0.jpg is of class Audi. By file names: Audi/Audi_A4_0.jpg "
        "is of class Audi_A4, of make Audi. Choose with --classes folders or --classes names."
    )
    by = {way: find_photos(folder, tmp_path / "m.csv", way).candidates for way in (Classes.FOLDERS, Classes.NAMES)}
    assert {item.label for item in by[Classes.FOLDERS]} == {"Audi", "Kia"}
    assert {item.label for item in by[Classes.NAMES]} == {"Audi_A4", "Audi_A5", "Kia_Rio"}


BY_MODEL = [f"{label}/{label}_{i}.jpg" for label in ("Audi_A4", "Kia_Rio") for i in range(3)]
NAMED = tuple(f"{label}_{i}.jpg" for label in ("Audi_A4", "Kia_Rio") for i in range(3))


@pytest.mark.parametrize(
    "names",
    [
        in_folders("batch_1", "batch_2", names=NAMED),
        in_folders("good_light", "bad_light", names=NAMED),
        in_folders("Berlin_Mitte", "Berlin_Nord", "Hamburg", names=NAMED),
        in_folders("train/2014_05", "train/2014_06", "test/2014_05", names=NAMED),
        in_folders("Audi_A4", "Kia_Rio", names=NAMED),
        in_folders("Audi_100", "Kia_5", names=["Audi_100_1.jpg", "Kia_5_2.jpg"]),
    ],
    ids=["batches", "light", "places", "months", "half of them exchanged", "classes of numbers"],
)
def test_folders_with_underscores_do_not_win_against_names_of_other_classes(laid_out, tmp_path, names):
    folder = laid_out(names)
    with pytest.raises(UserError, match="By folders: .* --classes folders or --classes names"):
        find_photos(folder, tmp_path / "m.csv")


@pytest.mark.parametrize(
    ("names", "counts", "named"),
    [
        ([*BY_MODEL, "Audi_A4/Kia_Rio_9.jpg"], {"Audi_A4": 4, "Kia_Rio": 3}, "Audi_A4/Kia_Rio_9.jpg"),
        ([name.replace("_", " ", 1) for name in [*BY_MODEL, "Audi_A4/Kia_Rio_9.jpg"]],
         {"Audi_A4": 4, "Kia_Rio": 3}, "Audi A4/Kia_Rio_9.jpg"),
        ([*in_folders("Audi_A4", "Kia_Rio"), "Audi_A4/Kia_Rio_9.jpg"], {"Audi_A4": 4, "Kia_Rio": 3},
         "Audi_A4/Kia_Rio_9.jpg"),
        (BY_MODEL, {"Audi_A4": 3, "Kia_Rio": 3}, None),
        (in_folders("Audi_A4", "Kia_Rio", names=["a_scan_1.jpg", "a_scan_2.jpg"]), {"Audi_A4": 2, "Kia_Rio": 2}, None),
        ([f"{label}/{label[4:]}_00{i}_7.jpg" for label in ("001.Black_tern_ad", "002.Black_tern_egg", "003.Jay")
          for i in (1, 2)], {"001.Black_tern_ad": 2, "002.Black_tern_egg": 2, "003.Jay": 2}, None),
    ],
    ids=["one of them", "spaces", "camera names", "all agree", "no classes", "longer than make and model"],
)  # fmt: skip
def test_photos_named_after_another_folder_are_mentioned(laid_out, tmp_path, names, counts, named):
    found = find_photos(laid_out(names), tmp_path / "m.csv")
    assert found.reading.startswith("Classes by folders")
    assert Counter(item.label for item in found.candidates) == counts
    said = [note for note in found.notes if "named after another class" in note]
    assert said == (
        [f"1 photo is named after another class than that of the folder, which counts: {named}"] if named else []
    )


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (in_folders("okapi", names=[f"red_panda_000{i}.jpg" for i in range(4)]), {"okapi"}),
        (in_folders("okapi", names=["WhatsApp_Image_1.jpg", "WhatsApp_Image_2.jpg"]), {"okapi"}),
        (in_folders("images", names=NAMED), {"Audi_A4", "Kia_Rio"}),
        (in_folders("my_photos", names=NAMED), {"Audi_A4", "Kia_Rio"}),
        (in_folders("images", names=NAMED[:3]), {"Audi_A4"}),
        (in_folders("2015", names=NAMED), {"Audi_A4", "Kia_Rio"}),
        (in_folders("Kia Rio", names=NAMED[3:]), {"Kia_Rio"}),
        (in_folders("okapi", names=NAMED), None),
        (in_folders("part_a", names=NAMED), None),
        (in_folders("Kia", names=NAMED[3:]), None),
    ],
)
def test_a_single_folder_is_a_class_unless_its_name_is_general(laid_out, tmp_path, names, labels):
    folder = laid_out(names)
    if labels:
        assert {item.label for item in find_photos(folder, tmp_path / "m.csv", min_classes=1).candidates} == labels
        return
    with pytest.raises(UserError, match="can be read in two ways. By folders: .* --classes folders or --classes names"):
        find_photos(folder, tmp_path / "m.csv", min_classes=1)
    assert find_photos(folder, tmp_path / "m.csv").reading.startswith("Classes by file names")


LOOSE = "lies in no class folder, and its name does not begin with a class"


@pytest.mark.parametrize(
    "names",
    [
        ["WhatsApp_Image_1.jpg", "WhatsApp_Image_2.jpg"],
        ["my_cat_1.jpg", "my_cat_2.jpg", "cats_1.jpg"],
        ["Dogs_a.jpg"],
        ["0.jpg", "1.jpg"],
        ["val/ILSVRC2012_val_1.jpg", "val/ILSVRC2012_val_2.jpg"],
        [*CAMERA],
        [*CAMERA, "IMG_0004.jpg", "IMG_0005.jpg"],
    ],
)
@pytest.mark.parametrize("classes", [None, Classes.FOLDERS])
def test_loose_photos_beside_class_folders_are_no_class(laid_out, tmp_path, names, classes):
    found = find_photos(laid_out(in_folders("cats", "dogs") + names), tmp_path / "m.csv", classes)
    assert Counter(item.label for item in found.candidates) == {"cats": 3, "dogs": 3}
    assert [item.reason for item in found.left_out] == [LOOSE] * len(names)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"annotations": np.zeros(2), "class_names": ["a", "b"]}, "no attribute 'relative_im_path'"),
        ({"annotations": np.zeros(2)}, "'class_names'"),
        ({"annotations": {"relative_im_path": "a.jpg", "class": 0, "test": 0}, "class_names": ["a"]}, "no class 0"),
        ({"annotations": {"relative_im_path": "a.jpg", "class": 2, "test": 0}, "class_names": ["a"]}, "no class 2"),
    ],
)
def test_a_list_of_stanford_cars_that_holds_something_else_is_named(laid_out, tmp_path, content, reason):
    folder = laid_out(in_folders("cats", "dogs"))
    savemat(folder / "cars_annos.mat", content)
    with pytest.raises(UserError, match=f"cars_annos.mat does not hold what a list of Stanford Cars holds: .*{reason}"):
        find_photos(folder, tmp_path / "m.csv")


def in_json_lines(folder, name):
    lines = [json.dumps({"file_name": f"cats/{photo}", "label": "cat"}) for photo in CAMERA]
    text = "\n".join([*lines, f'{{"file_name": "{name}", "label": "dog"}}'])
    (folder / "metadata.jsonl").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", ["a" * 5000 + ".jpg", "a\\u0000.jpg"])
def test_a_name_that_no_file_can_have_is_a_photo_that_is_not_there(laid_out, tmp_path, name):
    folder = laid_out(in_folders("cats", "dogs"))
    in_json_lines(folder, name)
    found = find_photos(folder, tmp_path / "m.csv")
    assert Counter(item.label for item in found.candidates) == {"cat": 3, "dog": 1}


def test_a_name_that_cannot_be_written_is_no_name(laid_out, tmp_path):
    folder = laid_out(in_folders("cats", "dogs"))
    in_json_lines(folder, "a\\ud800.jpg")
    with pytest.raises(UserError, match="metadata.jsonl, line 4: it is no JSON object of names and values"):
        find_photos(folder, tmp_path / "m.csv")


def test_loose_photos_beside_folders_of_makes_and_models_may_be_of_other_ones(laid_out, tmp_path):
    folder = laid_out([*in_folders("Audi_A4", "Audi_A5"), "Kia_Rio_1.jpg", "Kia_Rio_2.jpg", "Audi_A4_2015.jpg"])
    found = find_photos(folder, tmp_path / "m.csv")
    assert Counter(item.label for item in found.candidates) == {"Audi_A4": 4, "Audi_A5": 3, "Kia_Rio": 2}
    (note,) = found.notes
    assert note.startswith("2 photos in no class folder gave classes by name: Kia_Rio_1.jpg is of class Kia_Rio. ")
    found = find_photos(folder, tmp_path / "m.csv", Classes.FOLDERS)
    assert Counter(item.label for item in found.candidates) == {"Audi_A4": 4, "Audi_A5": 3}
    assert [item.reason for item in found.left_out] == [LOOSE] * 2


def test_a_folder_beside_many_named_photos_must_be_chosen(laid_out, tmp_path):
    names = [f"{label}_{i}.jpg" for label in ("Audi_A4", "Kia_Rio") for i in range(4)]
    folder = laid_out(names + in_folders("new"))
    with pytest.raises(UserError, match="By folders: Audi_A4_0.jpg is of no class. By file names: Audi_A4_0.jpg is of"):
        find_photos(folder, tmp_path / "m.csv")


def exchanged(name, header, cells):
    """A list that says of each of two folders that it holds the class of the other."""
    other = {"Kia_Rio": "Audi_A4", "Audi_A4": "Kia_Rio"}
    rows = [(f"{folder}/{photo}", *cells(other[folder])) for folder in other for photo in CAMERA]
    return in_folders(*other), written(name, listed(header, *rows))


@pytest.mark.parametrize(
    ("names", "write_list"),
    [
        exchanged("labels.csv", ("file_name", "label"), lambda label: [label]),
        exchanged("labels.csv", ("file_name", "label"), lambda label: [label.lower().replace("_", " ")]),
        exchanged("labels.csv", ("file_name", "make", "model"), lambda label: label.split("_")),
        ([f"{folder}/{other}_{i}.jpg" for i in range(3) for folder, other in
          (("Kia_Rio", "Audi_A4"), ("Audi_A4", "Kia_Rio"))], None),
    ],
    ids=["a list", "in other spelling", "with makes", "names"],
)  # fmt: skip
def test_classes_with_each_other_s_names_must_be_chosen_from(laid_out, tmp_path, names, write_list):
    folder = laid_out(names, write_list)
    with pytest.raises(UserError, match="can be read in two ways.*Choose with --classes (list|folders) or --classes"):
        find_photos(folder, tmp_path / "manifest.csv")
    assert find_photos(folder, tmp_path / "manifest.csv", Classes.FOLDERS).candidates[0].label == "Audi_A4"


@pytest.mark.parametrize(
    ("outer", "inner"),
    [(("amazon", "webcam"), ("back_pack", "bike")), (("40X", "100X"), ("benign", "malignant")),
     (("color", "segmented"), ("Apple___scab", "Apple___healthy", "Grape___rot"))],
    ids=["Office-31", "BreakHis", "PlantVillage"],
)  # fmt: skip
def test_folders_that_hold_the_same_folders_must_be_chosen_from(laid_out, tmp_path, outer, inner):
    folder = laid_out(in_folders(*(f"{one}/images/{other}" for one in outer for other in inner)))
    with pytest.raises(UserError, match="Choose with --classes folders or --classes inner-folders"):
        find_photos(folder, tmp_path / "m.csv")
    found = find_photos(folder, tmp_path / "m.csv", Classes.INNER_FOLDERS)
    assert {item.label for item in found.candidates} == set(inner)
    assert found.reading.startswith("Classes by inner folders: ")
    assert {item.label for item in find_photos(folder, tmp_path / "m.csv", Classes.FOLDERS).candidates} == set(outer)


def test_photos_named_after_their_split_have_no_class(laid_out, tmp_path):
    folder = laid_out([f"{split}/{split}{i}.jpg" for split in ("train_images", "val_images") for i in range(6)])
    with pytest.raises(UserError, match="Nearly every photo in .* would be a class of its own"):
        index_photos(folder, tmp_path / "m.csv")


def test_a_list_that_contradicts_folders_must_be_chosen(laid_out, tmp_path):
    rows = [(name, "abcdefghi"[i % 3]) for i, name in enumerate(in_folders("cats", "dogs"))]
    folder = laid_out(in_folders("cats", "dogs"), written("labels.csv", listed(("image", "label"), *rows)))
    with pytest.raises(UserError, match="By labels.csv: .* Choose with --classes list or --classes folders"):
        find_photos(folder, tmp_path / "manifest.csv")
    chosen = find_photos(folder, tmp_path / "manifest.csv", Classes.LIST)
    assert {item.label for item in chosen.candidates} == {"a", "b", "c"}


def test_a_folder_without_a_list_cannot_be_read_by_one(laid_out, tmp_path):
    with pytest.raises(UserError, match="holds no list of photos"):
        find_photos(laid_out(in_folders("cats", "dogs")), tmp_path / "manifest.csv", Classes.LIST)


@pytest.mark.parametrize(
    ("layout", "reading"),
    [
        ("Keras image_dataset_from_directory",
         "Classes by folders: cats/IMG_0001.jpg is of class cats. For another reading: --classes names or list."),
        ("the original data set, flat",
         "Classes by file names: Audi_A4_2015_20.jpg is of class Audi_A4, of make Audi. For another reading: --classes "
         "folders or list. --no-makes: classes as they are, without makes."),
        ("CSV with file and label",
         "Classes by list.csv: a/1.jpg is of class cats. For another reading: --classes folders or names."),
        ("names of folders beside names of photos",
         "Classes by file names and, in folders named Make_Model, by those: Audi_A4/1.jpg is of class Audi_A4, of make "
         "Audi. For another reading: --classes folders or list. --no-makes: classes as they are, without makes."),
    ],
)  # fmt: skip
def test_it_is_said_how_a_folder_was_read(laid_out, tmp_path, layout, reading):
    assert find_photos(laid_out(*LAYOUTS[layout][:2]), tmp_path / "manifest.csv").reading == reading


# --- Notes ---


def notes_on(folder, tmp_path, **options):
    result = index_photos(folder, tmp_path / "manifest.csv", **options)
    return result, "\n".join([*result.warnings, *map(str, result.left_out)])


def test_spellings_of_one_class_are_one_class_in_nfc(photos_in, tmp_path):
    decomposed = unicodedata.normalize("NFD", "Citroën_C4")
    names = [f"Citroën_C4/{i}.jpg" for i in range(3)] + [f"{decomposed}/4.jpg", "citroën_c4/5.jpg", "Citroën_ C4/6.jpg"]
    result, notes = notes_on(photos_in(*names, "citroën_C5/7.jpg"), tmp_path)
    assert result.manifest.label_counts() == {"Citroën_C4": 6, "Citroën_C5": 1}
    assert {row.make for row in result.manifest.rows} == {"Citroën"}
    assert "One class, Citroën_C4, was written in 3 ways" in notes
    assert "They differ in Unicode form and case." in notes
    result.manifest.check_photos(result.manifest.rows)


def test_spellings_that_look_alike_are_said_to_differ_in_form(photos_in, tmp_path):
    decomposed = unicodedata.normalize("NFD", "Citroën_C4")
    _, notes = notes_on(photos_in("Citroën_C4/1.jpg", f"{decomposed}/2.jpg", "Kia_Rio/1.jpg"), tmp_path)
    assert "They differ in Unicode form." in notes


@pytest.mark.parametrize(
    ("folders", "counts", "ways"),
    [
        (("Golden Retriever", "golden_retriever", "pug"), {"Golden Retriever": 6, "pug": 3}, 2),
        (("golden  retriever", "golden_retriever", "GOLDEN RETRIEVER"), {"golden_retriever": 9}, 3),
        (("Audi_A4", "Audi A4", "Kia_Rio"), {"Audi_A4": 6, "Kia_Rio": 3}, 2),
        (("Fiat_1 16", "Fiat_11 6"), {"Fiat_1 16": 3, "Fiat_11 6": 3}, 0),
    ],
)
def test_classes_whose_names_differ_by_their_gaps_are_one(photos_in, tmp_path, folders, counts, ways):
    result, notes = notes_on(photos_in(*in_folders(*folders)), tmp_path, min_classes=1)
    assert result.manifest.label_counts() == counts
    first = min(counts, key=lambda label: (-counts[label], label))
    assert (f"One class, {first}, was written in {ways} ways: " in notes) == bool(ways)
    assert ("spaces or underscores." in notes) == bool(ways)


LISTED = {
    "twice, in two classes": (
        written("l.csv", listed(("file", "label"), *ROWS, ("a/1.jpg", "dogs"))),
        "1 line gives a photo another class than a line before, which counts: line 5 of l.csv says dogs of 1.jpg",
    ),
    "in two columns": (
        written("l.csv", listed(("file", "label", "category"), *((*row, row[0][0]) for row in ROWS[:2]),
                                ("b/1.jpg", "dogs", "a"))),
        "l.csv has classes in the columns label and category, and label counts.",
    ),
    "in JSON of one value": (
        lambda folder: (written("all.json", '{"1.jpg": "cats"}')(folder),
                        written("l.csv", listed(("id", "text"), ("7", "none")))(folder)),
        "all.json names photos, but only lists in CSV and lines of JSON (.jsonl) are read.",
    ),
    "by ids in its second column": (
        lambda folder: [written(f"a/ISIC_{i}.jpg", (folder / "a/1.jpg").read_bytes())(folder) for i in (1, 2)]
        + [written("l.csv", listed(("lesion_id", "image_id", "dx"), ("HAM_7", "ISIC_1", "mel"),
                                   ("HAM_7", "ISIC_2", "nv")))(folder)],
        "l.csv names photos, but their classes were not read from it",
    ),
    "as a list of classes": (
        written("l.jsonl", '{"file_name": "a/1.jpg", "label": ["cats"]}\n'),
        'l.jsonl was not read: ',
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LISTED)
def test_a_list_that_says_two_things_or_is_not_read_is_named(laid_out, tmp_path, case):
    write_list, note = LISTED[case]
    _, notes = notes_on(laid_out(ANIMALS, write_list), tmp_path)
    assert note in notes


def test_two_columns_that_say_the_same_need_no_note(laid_out, tmp_path):
    rows = ((*row, str(ord(row[1][0]))) for row in ROWS)
    _, notes = notes_on(laid_out(ANIMALS, written("l.csv", listed(("file", "label", "category"), *rows))), tmp_path)
    assert "columns" not in notes


def test_a_make_of_two_words_may_need_a_hyphen(photos_in, tmp_path):
    result, notes = notes_on(photos_in(*in_folders("Alfa_Romeo_Giulia", "Kia_Rio")), tmp_path)
    assert "call the class Alfa-Romeo_Giulia, or give a list" in notes
    assert result.manifest.makes()["Alfa_Romeo_Giulia"] == "Alfa"


def test_control_characters_in_names_of_classes_are_spaces(photos_in, tmp_path):
    result, _ = notes_on(photos_in(*in_folders("red\x1b[31mcat", "dog")), tmp_path)
    assert result.manifest.labels == ("dog", "red [31mcat")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("photos.zip", "is an archive, which is not read: unpack it and name the folder."),
        ("labels.json", r"is no CSV file: save the list as CSV, .* or as lines of JSON \(.jsonl\)."),
        ("train.parquet", "is no CSV file: save the list as CSV"),
        ("list.jsonl", r"line 1, column 2: it is no JSON: .* Each line must hold one object, such as \{"),
    ],
)
def test_a_file_that_is_no_list_says_what_to_do(tmp_path, name, message):
    (tmp_path / name).write_bytes(b"[\n1, 2]")
    with pytest.raises(UserError, match=message):
        find_photos(tmp_path / name, tmp_path / "manifest.csv")


def test_the_same_file_in_two_classes_is_named(photos_in, tmp_path):
    folder = photos_in("cats/1.jpg", "cats/2.jpg", "dogs/1.jpg")
    (folder / "dogs" / "copied.jpg").write_bytes((folder / "cats" / "2.jpg").read_bytes())
    _, notes = notes_on(folder, tmp_path)
    assert "1 photo is in several classes, so that one label is wrong: photos/cats/2.jpg (cats) and" in notes


def test_classes_of_one_photo_are_named(photos_in, tmp_path):
    assert (
        "1 class has a single photo: dogs" in notes_on(photos_in("cats/1.jpg", "cats/2.jpg", "dogs/1.jpg"), tmp_path)[1]
    )


def test_hidden_and_system_folders_are_passed_over_and_counted(photos_in, tmp_path):
    junk = (
        "cats/@eaDir/1.jpg", "__MACOSX/cats/._1.jpg", "cats/.AppleDouble/1.jpg", "cats/._1.jpg", "dogs/Thumbs.db.jpg",
        ".Trash/2.jpg", "#recycle/3.jpg",
    )  # fmt: skip
    folder = photos_in("cats/1.jpg", "dogs/1.jpg", *junk)
    (folder / "dogs" / "Thumbs.db").write_bytes(b"x")
    (folder / "dogs" / "Thumbs.db.jpg").unlink()
    result, notes = notes_on(folder, tmp_path)
    assert result.manifest.label_counts() == {"cats": 1, "dogs": 1}
    assert "Passed over 7 hidden or system files and folders: #recycle, .AppleDouble, .Trash, ._*, @eaDir …" in notes


def test_links_are_followed_once_and_never_in_circles(photos_in, tmp_path):
    elsewhere = photos_in("far/1.jpg").rename(tmp_path / "elsewhere")
    folder = photos_in("cats/1.jpg", "cats/2.jpg", "birds/1.jpg")
    (folder / "dogs").symlink_to(elsewhere / "far")
    (folder / "cats" / "3.jpg").symlink_to(elsewhere / "far" / "1.jpg")
    (folder / "cats" / "round").symlink_to(folder)
    (folder / "animals").symlink_to(folder / "cats")
    (folder / "cats" / "gone.jpg").symlink_to(tmp_path / "gone.jpg")
    (folder / "cats" / "self.jpg").symlink_to(folder / "cats" / "self.jpg")
    result, notes = notes_on(folder, tmp_path)
    assert result.manifest.label_counts() == {"cats": 3, "birds": 1, "dogs": 1}
    for said in ("round: a link to", "animals: a link to", "gone.jpg, where nothing is", "self.jpg, where nothing is"):
        assert said in notes


def test_deeper_folders_are_mentioned(photos_in, tmp_path):
    _, notes = notes_on(photos_in("Kia/Rio/1.jpg", "Kia/Ceed/1.jpg", "Audi/A4/1.jpg"), tmp_path)
    assert "Photos in 3 deeper folders belong to the class folder above them, such as those in Audi/A4 to Audi" in notes


def test_masks_that_are_left_out_are_mentioned(photos_in, tmp_path):
    names = in_folders("images/cats", "images/dogs", "masks/cats") + ["labels/1.png"]
    _, notes = notes_on(photos_in(*names), tmp_path)
    assert "Left out 3 pictures in the folder masks, because images is beside it: masks and labels" in notes
    assert "Left out 1 picture in the folder labels, because images" in notes


def test_masks_beside_their_photos_are_mentioned(photos_in, tmp_path):
    _, notes = notes_on(
        photos_in("cats/1.jpg", "cats/1_mask.png", "cats/death_mask.jpg", "dogs/_mask.jpg", "dogs/1.jpg"), tmp_path
    )
    assert "Left out 1 picture beside the photos that they mark by their names, such as cats/1_mask.png." in notes


def test_of_many_tables_that_are_not_read_a_few_are_mentioned(laid_out, tmp_path):
    folder = laid_out(ANIMALS)
    for number in range(9):
        (folder / f"table{number}.txt").write_text("1\n2\n1\n")
    _, notes = notes_on(folder, tmp_path)
    assert notes.count(".txt names photos, but") == 3
    assert "6 more tables name photos, but their classes were not read from there." in notes


def test_photos_and_masks_without_a_class_are_not_two_classes(photos_in, tmp_path):
    with pytest.raises(UserError, match="All 3 usable photos in .* are of one class, images. .* in the folder masks"):
        notes_on(photos_in(*in_folders("images", "masks")), tmp_path)


def test_photos_that_a_list_leaves_out_or_names_twice_are_mentioned(laid_out, tmp_path):
    rows = [*ROWS, ROWS[0], ("b/gone.jpg", "dogs"), ("./a/1.jpg", "dogs")]
    folder = laid_out([*ANIMALS, "b/2.jpg"], written("list.csv", listed(("file", "label"), *rows)))
    _, notes = notes_on(folder, tmp_path, classes=Classes.LIST)
    assert "1 photo is not in list.csv, such as" in notes
    assert "listed a second time in line 5 of list.csv" in notes
    assert "listed a second time in line 7 of list.csv" in notes
    assert "gone.jpg: no such file" in notes


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.csv", "id,breed\n1,dingo\n2,collie\n"),
        ("labels.csv", "a/1.jpg,cats\na/2.jpg,cats\nb/1.jpg,dogs\n"),
        ("deeper/table.tsv", "picture\tbreed\na\\2.jpg\tdingo\n"),
        ("metadata.jsonl", '{"file_name": "a/1.jpg", "text": "a dingo"}\n'),
        ("list.txt", "a/1.jpg\tcats\na/2.jpg\tcats\n"),
    ],
    ids=["names without suffix", "no line of columns", "a column of another name", "captions", "text with tabs"],
)
def test_a_table_of_photos_that_is_read_for_no_class_is_mentioned(laid_out, tmp_path, name, content):
    result, notes = notes_on(laid_out(ANIMALS, written(name, content)), tmp_path)
    assert result.manifest.labels == ("a", "b")
    assert f"{name} names photos, but their classes were not read from it: its first line must name the" in notes
    has_no_header = content.startswith("a/1.jpg")
    assert ("That looks like a photo: write a line such as file_name,label above it." in notes) == has_no_header
    _, notes = notes_on(tmp_path / "photos", tmp_path, classes=Classes.FOLDERS)
    assert "names photos" not in notes


@pytest.mark.parametrize(
    "content",
    ["name,score\nx,1\n", "", "name\n", "\xff\xfe", '{"a"', "a,b\nx,2,1.jpg\n"],
    ids=["others", "empty", "no row", "bytes", "text", "too long a row"],
)
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_another_table_needs_no_mention(laid_out, tmp_path, content, suffix):
    folder = laid_out(ANIMALS, written(f"table.{suffix}", content.encode("latin-1")))
    assert "table" not in notes_on(folder, tmp_path)[1]


SPREADSHEET = "is a spreadsheet, which is not read: "


@pytest.mark.parametrize(
    ("names", "files", "note"),
    [
        (ANIMALS, {"l.csv": "file_name,label\nx0.jpg,cats\nx1.jpg,dogs\n"},
         "l.csv is a list, but the photos that it names are not there, such as x0.jpg."),
        (["a/1.jpg", "a/2.jpg", "b/3.jpg", "b/4.jpg", "b/5.jpg"], {"c/l.csv": "file_name,label\n1.jpg,x\n2.jpg,y\n"},
         "c/l.csv is a list, but was not read: it lies in another folder than the photos, and there are several such"),
        (ANIMALS, {"CUB/images.txt": "1 a/1.jpg\n2 a/2.jpg\n", "CUB/classes.txt": "1 a\n2 b\n"}, None),
    ],
    ids=["files that are not there", "another folder", "a well-known set's"],
)  # fmt: skip
def test_why_a_list_was_not_read_is_said_truly(laid_out, tmp_path, names, files, note):
    folder = laid_out(names, lambda folder: [written(name, text)(folder) for name, text in files.items()])
    _, notes = notes_on(folder, tmp_path)
    assert "must name the columns" not in notes
    if note is None:
        assert ".txt" not in notes
        return
    assert note in notes
    with pytest.raises(UserError, match=f"holds no list of photos: {re.escape(note)}"):
        notes_on(folder, tmp_path, classes=Classes.LIST)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"file_name": "a/2.jpg", "label":', "metadata.jsonl, line 3, column 34: it is no JSON: Expecting value."),
        ("7", "metadata.jsonl, line 3: it is no JSON object of names and values."),
        ('["a", "b"]', "metadata.jsonl, line 3: it is no JSON object of names and values."),
    ],
)
def test_a_line_that_is_no_json_is_named(laid_out, tmp_path, line, message):
    content = f'{{"file_name": "a/1.jpg", "label": "cats"}}\n\n{line}\n'
    with pytest.raises(UserError, match=message):
        find_photos(laid_out(ANIMALS, written("metadata.jsonl", content)), tmp_path / "m.csv")


def test_a_spreadsheet_is_not_read_and_it_is_said_how_to(laid_out, tmp_path):
    folder = laid_out(ANIMALS, written("list.xlsx", b"PK\3\4"))
    result, notes = notes_on(folder, tmp_path)
    assert f"list.xlsx {SPREADSHEET}if it lists the photos, save it as CSV. Its first line must name" in notes
    assert result.left_out == ()
    with pytest.raises(UserError, match=f"{SPREADSHEET}save it as CSV. Its first line must name the columns"):
        notes_on(folder / "list.xlsx", tmp_path)
    with pytest.raises(UserError, match=f"holds no list of photos: list.xlsx {SPREADSHEET}"):
        notes_on(folder, tmp_path, classes=Classes.LIST)


def test_a_list_in_the_encoding_of_windows_is_mentioned(laid_out, tmp_path):
    folder = laid_out(*LAYOUTS["CSV in Windows-1252"][:2])
    assert "l.csv is not in UTF-8 and was read as Windows-1252 ('Löwe'). If letters" in notes_on(folder, tmp_path)[1]


def test_a_folder_that_will_not_do_says_which_table_was_not_read(laid_out, tmp_path):
    folder = laid_out(["all/1.jpg", "all/2.jpg"], written("labels.csv", "id,breed\n1,dingo\n2,collie\n"))
    with pytest.raises(UserError, match=r"of one class, all\. .* labels\.csv names photos, but .*: id, breed\."):
        notes_on(folder, tmp_path)


def test_a_make_that_contradicts_its_label_is_mentioned(laid_out, tmp_path):
    content = "file_name,make,model,label\na/1.jpg,Kia,Rio,Kia_Rio\na/2.jpg,Kia,Rio,Kia_Ceed\nb/1.jpg,Audi,A4,Audi_A4\n"
    _, notes = notes_on(laid_out(ANIMALS, written("list.csv", content)), tmp_path)
    assert "1 line has a label that contradicts make and model, which count: line 3 of list.csv says Kia_Ceed" in notes


def test_photos_outside_of_the_splits_are_left_out_if_their_folder_is_no_class(photos_in, tmp_path):
    names = in_folders("train/cats", "train/dogs", "test/cats", "unlabelled/new") + ["cats/new.jpg"]
    result, notes = notes_on(photos_in(*names), tmp_path)
    assert result.manifest.label_counts() == {"cats": 7, "dogs": 3}
    assert notes.count("'unlabelled' lies outside of the splits and is no class of theirs") == 3
    assert "deeper folder" not in notes


def test_photos_in_a_split_without_folders_make_no_class_beside_the_folders(photos_in, tmp_path):
    train = in_folders("train/n01440764", "train/n01443537")
    names = [f"val/ILSVRC2012_val_0000000{i}.jpg" for i in range(4)]
    result, notes = notes_on(photos_in(*train, *names), tmp_path)
    assert result.manifest.labels == ("n01440764", "n01443537")
    assert notes.count("lies in no class folder, and its name does not begin with a class") == 4


def test_without_a_folder_for_validation_some_training_photos_are_for_it(photos_in, tmp_path):
    names = [f"{split}/{name}/{i}.jpg" for split in ("train", "test") for name in ("cats", "dogs") for i in range(10)]
    result, notes = notes_on(photos_in(*names), tmp_path)
    assert result.manifest.counts() == {"train": 16, "validation": 4, "test": 20}
    assert all(row.file_name.split("/")[1] == "test" for row in result.manifest.split("test"))
    assert "No photos were for validation: 4 of those for training were drawn, with seed 0." in notes


@pytest.mark.parametrize(
    ("splits", "note"),
    [
        (("train", "val"), "No photos are for test, so that a model is measured on those for validation."),
        (("train",), "No photos were for test: 2 of those for training were drawn, with seed 0."),
        (("train", "val", "test"), None),
    ],
)
def test_without_a_folder_for_the_test_this_is_said(photos_in, tmp_path, splits, note):
    names = [f"{split}/{name}/{i}.jpg" for split in splits for name in ("cats", "dogs") for i in range(5)]
    result, notes = notes_on(photos_in(*names), tmp_path)
    assert ("for test" in notes) == bool(note)
    assert note is None or note in result.warnings


def test_an_edited_manifest_is_checked(tmp_path):
    header = "file_name,sha256,make,model,label,year,width,height,split,near_duplicate_group\n"
    lines = ("a.jpg,0,Kia,Rio,Kia_Ceed,,1,1,train,", "b.jpg,1,,cats,cats,,1,1,train,", "b.jpg,1,,cats,Cats,,1,1,train,")
    (tmp_path / "manifest.csv").write_text(header + "\n".join(lines))
    contradiction, twice, spelling = read_manifest(tmp_path / "manifest.csv").notes()
    assert "the label counts: a.jpg is Kia_Ceed, and of make Kia." in contradiction
    assert "1 photo is listed more than once, such as b.jpg." in twice
    assert "cats and Cats" in spelling
