"""The encodings of the process, whatever locale it was started in. The dashboard has the same in its `__main__`."""

import codecs
import os
import sys


def use_utf8_for_files() -> None:
    """Start the program again in Python's UTF-8 mode if the locale has another encoding.

    File names on Linux are bytes, nearly always UTF-8, and TensorFlow takes them as such. In a locale such as
    `de_DE.ISO-8859-1` Python would read the folder `Citroën` as the class `CitroÃ«n`.
    """
    if not sys.flags.utf8_mode and sys.getfilesystemencoding().lower() != "utf-8":
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 (ourselves)


def never_fail_to_print() -> None:
    """Print a question mark for what the terminal's encoding lacks, in place of an error after all the work."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):  # a test's stream has none
            reconfigure(errors="replace")


def prints_utf8() -> bool:
    """Whether standard output is UTF-8."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # a test's stream has none
    return codecs.lookup(encoding).name == "utf-8"
