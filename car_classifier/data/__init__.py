"""From photos to `manifest.csv`, which every other step starts from.

`indexing` makes the manifest: `layouts` finds the photos and their classes (`folder_walk` lists the files,
`folder_layouts`, `list_layouts` and `known_sets` read them, `file_names` parses names, `class_labels` spells them),
`photo_files` reads the photos, `near_duplicates` groups copies, and `splits` divides them. `exclusions` sets rows of it
aside, `statistics`, `table` and `figures` describe it, `feedback_database` and `feedback_import` add visitors' photos,
and `upload` copies photos and models to object storage (`object_store`).
"""
