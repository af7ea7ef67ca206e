"""Readers of captioned photographs, one for each format in which such data sets are handed out.

Each has a `TITLE`, `caption_files(images)`, the files in a folder that look like its format, and
`read(files, images)`, which makes a `Listing` of them.
"""
