"""Locks between processes, and CSV tables."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from car_classifier.errors import UserError
from car_classifier.files import (
    append_csv,
    check_writable,
    csv_columns,
    exclusive_lock,
    read_csv,
    write_csv,
    write_json,
)


@pytest.mark.parametrize("name", ["", "lock"], ids=["a folder", "a file"])
def test_a_lock_that_another_process_holds_is_a_sentence_until_that_process_dies(tmp_path, name):
    path = tmp_path / name
    hold = "import sys, pathlib; from car_classifier.files import exclusive_lock\n"
    hold += "with exclusive_lock(pathlib.Path(sys.argv[1]), ''): print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        with pytest.raises(UserError, match="Somebody is here"), exclusive_lock(path, "Somebody is here."):
            pass
        holder.kill()
    with exclusive_lock(path, "Somebody is here."):
        pass
    with exclusive_lock(path, "Somebody is here."):  # the block before has let go of it
        pass


def test_a_table_is_written_appended_to_and_read(tmp_path):
    path: Path = tmp_path / "table.csv"
    write_csv(path, ("name", "number"), [{"name": 'a "quoted", name', "number": 1.5}])
    append_csv(path, ("name", "number"), [{"name": "b", "number": None}, {"name": "c"}])
    assert path.read_bytes() == b'name,number\n"a ""quoted"", name",1.5\nb,\nc,\n'
    assert list(read_csv(path, ("name",))) == [
        (2, {"name": 'a "quoted", name', "number": "1.5"}),
        (3, {"name": "b", "number": ""}),
        (4, {"name": "c", "number": ""}),
    ]


@pytest.mark.parametrize(
    "data",
    [
        "name;number\nä;1\n".encode("utf-16-le"),
        "name;number\nä;1\n".encode("utf-16-be"),
        '"name";"number"\r\n"ä";"1"\r\n'.encode("utf-16-le"),
        'name,"a;b;c",number\nä,,1\n'.encode(),
    ],
    ids=["little end first", "big end first", "quoted", "separators in quotes"],
)
def test_utf_16_is_read_without_a_byte_order_mark_too(tmp_path, data):
    path: Path = tmp_path / "table.csv"
    path.write_bytes(data)
    assert {"name", "number"} <= set(csv_columns(path))
    [(line, row)] = read_csv(path, ("name", "number"))
    assert (line, row["name"], row["number"]) == (2, "ä", "1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(("first", "separator"), [("sep=;", ";"), ('"sep=,"', ","), ("SEP=\t", "\t"), ("sep=|", "|")])
def test_a_line_for_excel_names_the_separator_and_is_no_row(tmp_path, encoding, first, separator):
    path: Path = tmp_path / "table.csv"
    path.write_bytes(f"{first}\r\nname{separator}number\r\nä{separator}1\r\nö\r\n".encode(encoding))
    assert csv_columns(path) == ("name", "number")
    rows = read_csv(path, ("name", "number"))
    assert next(rows) == (3, {"name": "ä", "number": "1"})
    with pytest.raises(UserError, match="line 4: the row is cut short"):
        next(rows)


def test_an_output_goes_where_a_link_leads_and_never_in_place_of_a_pipe(tmp_path):
    target, link, pipe = tmp_path / "a" / "real.json", tmp_path / "link.json", tmp_path / "pipe.json"
    target.parent.mkdir()
    target.touch()
    link.symlink_to(target)
    write_json(link, [1])
    assert link.is_symlink()
    assert json.loads(target.read_text()) == [1]
    os.mkfifo(pipe)
    for write in (lambda: write_json(pipe, [1]), lambda: check_writable(pipe)):
        with pytest.raises(UserError, match="pipe.json is no regular file, so it stays as it is"):
            write()
    assert pipe.is_fifo()
