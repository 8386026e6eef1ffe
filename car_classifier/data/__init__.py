"""From photos to `manifest.csv`, which every other step starts from.

`indexing` makes the manifest: `photo_sources` finds the photos, `file_names` parses their names, `photo_files` reads
them, `near_duplicates` groups copies, and `splits` divides them. `exclusions` sets rows of it aside, `statistics`,
`table` and `figures` describe it, `feedback_database` and `feedback_import` add visitors' photos, and `upload` copies
photos and models to object storage (`object_store`).
"""
