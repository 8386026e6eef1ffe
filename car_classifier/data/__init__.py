"""From photos to `manifest.csv`, which every other step starts from.

`indexing` makes the manifest: `layouts` finds the photos and their classes, `photo_files` reads the photos,
`near_duplicates` groups copies, and `splits` divides them. `exclusions` sets rows of it aside, `statistics`, `table`
and `figures` describe it, `feedback_database` and `feedback_import` add visitors' photos, and `upload` copies photos
and models to object storage (`object_store`).

How `layouts` reads a folder:

- `folder_walk` lists the files, `masks` sets aside pictures that are masks.
- From a list: `list_layouts` finds it, `list_reader` reads photos and classes from it, with `list_rows` for its rows
  and `photo_finder` for the photos that they name. `known_sets` reads the lists of well-known data sets.
- From folders or file names: `placed_photos` finds each photo's split and class folder, `folders_or_names` says which
  of the two can be the classes, and `folder_layouts` reads them.
- `file_names` parses file names, `class_labels` gives classes one spelling.
"""
