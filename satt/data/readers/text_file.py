"""Text files of a data set, read whole: of a size that is likely, and in UTF-8."""

from satt.errors import SattError

LARGEST = 2**28  # bytes; the largest file of captions that is known has 144 million


def read_text(path):
    """Read a text file in UTF-8, with a byte order mark or without.

    Parameters
    ----------
    path : Path

    Raises
    ------
    SattError
        If it cannot be opened, is too large, or is not in UTF-8.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise SattError(
                f"{path}: expected captions, at most {LARGEST / 1e6:.0f} MB of them, got "
                f"{size / 1e6:,.0f} MB; is it another file? Then take it out of the folder"
            )
        content = path.read_bytes()
    except OSError as error:
        raise SattError(
            f"{path}: cannot be read: {error.strerror}; see to its rights, or fetch it again"
        ) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SattError(
            f"{path}: line {line:,}: expected text in UTF-8, got the byte "
            f"0x{content[error.start]:02x}; save the file in UTF-8 (in Excel: CSV UTF-8)"
        ) from error
