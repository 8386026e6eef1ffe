"""The details of a car in a photo's file name."""

from dataclasses import fields

import pytest

from car_classifier.data.class_labels import is_name, parse_label
from car_classifier.data.file_names import CarName, parse_file_name

FULL = "BMW_2-Series_2014_32_17_240_20_4_69_55_174_23_RWD_4_2_2dr_OGt.jpg"


def test_a_full_name_fills_every_field():
    assert parse_file_name(FULL) == CarName(
        make="BMW",
        model="2-Series",
        year=2014,
        msrp=32,
        front_wheel_size=17,
        horsepower=240,
        displacement=20,
        cylinders=4,
        width=69,
        height=55,
        length=174,
        mileage=23,
        drivetrain="RWD",
        passengers=4,
        doors=2,
        body_style="2dr",
        id="OGt",
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BMW_2-Series.jpg", CarName("BMW", "2-Series")),
        ("Aston Martin_V8 Vantage_2012.png", CarName("Aston Martin", "V8 Vantage", 2012)),
        ("Rolls-Royce_Phantom Drophead Coupe_2012_x.JPEG", CarName("Rolls-Royce", "Phantom Drophead Coupe", 2012)),
        ("some/folder_with/marks/Kia_Rio_2015_20.jpg", CarName("Kia", "Rio", 2015, 20.0)),
        (" Kia _ Rio _2015.jpg", CarName("Kia", "Rio", 2015)),
        ("Kia_Rio_nan_20_nan_110.jpg", CarName("Kia", "Rio", None, 20.0, None, 110.0)),
        ("Kia_Rio__20.jpg", CarName("Kia", "Rio", None, 20.0)),
        ("Kia_Rio_NaN_NAN_15.5.jpg", CarName("Kia", "Rio", front_wheel_size=15.5)),
        # The middle is missing: what follows the first misfit is not guessed at.
        ("Kia_Rio_2015_Sedan_00522.jpg", CarName("Kia", "Rio", 2015)),
        ("Kia_Rio_Sedan_2015.jpg", CarName("Kia", "Rio")),
        ("Kia_Rio_1215.jpg", CarName("Kia", "Rio")),
        ("Kia_Rio_2015_1_1_1_1_4_1_1_1_1_sideways_4.jpg", CarName("Kia", "Rio", 2015, 1, 1, 1, 1, 4, 1, 1, 1, 1)),
        ("Citroën_C4 Aircross_2015.jpg", CarName("Citroën", "C4 Aircross", 2015)),
        (FULL.replace(".jpg", "_more_fields.jpg"), parse_file_name(FULL)),
    ],
)
def test_partial_names(name, expected):
    assert parse_file_name(name) == expected


def test_any_optional_field_may_be_nan():
    for i, field in list(enumerate(fields(CarName)))[2:]:
        parts = FULL.removesuffix(".jpg").split("_")
        parts[i] = "nan"
        expected = {**vars(parse_file_name(FULL)), field.name: None}
        assert vars(parse_file_name("_".join(parts) + ".jpg")) == expected, field.name


@pytest.mark.parametrize(
    "name", ["IMG1234.jpg", "_Rio.jpg", "Kia_.jpg", "Kia__2015.jpg", "nan_Rio.jpg", "Kia_nan.jpg", " _Rio.jpg"]
)
def test_names_without_make_or_model(name):
    with pytest.raises(ValueError, match=f"^'{name}' does not name a make and a model as Make_Model$"):
        parse_file_name(name)


@pytest.mark.parametrize(
    ("label", "parts"),
    [("BMW_2-Series", ("BMW", "2-Series")), ("Aston Martin_V8_Vantage", ("Aston Martin", "V8_Vantage"))],
)
def test_labels(label, parts):
    assert parse_label(label) == parts
    assert CarName(*parts).label == label


@pytest.mark.parametrize(
    ("text", "answer"), [("Kia", True), ("", False), ("  ", False), ("nan", False), ("NaN ", False)]
)
def test_what_can_be_a_name(text, answer):
    assert is_name(text) is answer
