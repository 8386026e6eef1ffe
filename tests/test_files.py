"""Locks between processes, and CSV tables."""

import subprocess
import sys
from pathlib import Path

import pytest

from car_classifier.errors import UserError
from car_classifier.files import append_csv, exclusive_lock, read_csv, write_csv


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
