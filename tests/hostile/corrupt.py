"""Every way to spoil a file that we could think of, at random but the same for the same seed.

Each function takes what is in a file and a generator, and returns what is in the spoilt file. The
lists at the end say which of them fit which kind of file.
"""

import io
import json
import pickle
import re
import struct
import zipfile
import zlib

import numpy as np

LARGEST = 1_500_000  # bytes that a file may grow to, so that 10,000 of them stay quick
ABSURD_NUMBERS = (
    -1, 0, 2**31 - 1, 2**31, 2**32, 2**63, 10**12, 10**30, 1e308, 1.5, float("nan"), float("inf"),
)
ABSURD_TEXTS = (
    "", " ", "\0", "..", "../../outside.jpg", "/etc/passwd", "C:\\outside.jpg", "\ud800", "\u2028",
    "a\tb\nc", "\u0301\u0323" * 200_000, "9" * 6000, "-", "'", "\ufeff",
)


class MakesAFile:
    """Pickled, it is a call that would make a file named `unpickled` in the current folder."""

    def __reduce__(self):
        return open, ("unpickled", "w")


# --- any bytes -----------------------------------------------------------------------------------


def flip_bits(data, random):
    data = bytearray(data)
    for place in random.integers(len(data), size=random.integers(1, 9)):
        data[place] ^= 1 << random.integers(8)
    return bytes(data)


def truncate(data, random):
    return data[: random.integers(len(data))]


def delete(data, random):
    a, b = _stretch(data, random)
    return data[:a] + data[b:]


def insert(data, random):
    place = random.integers(len(data) + 1)
    return data[:place] + random.bytes(random.integers(1, 40)) + data[place:]


def duplicate(data, random):
    a, b = _stretch(data, random)
    return data[:b] + data[a:]


def move(data, random):
    a, b = _stretch(data, random)
    rest, place = data[:a] + data[b:], random.integers(len(data) - (b - a) + 1)
    return rest[:place] + data[a:b] + rest[place:]


def fill(data, random):
    a, b = _stretch(data, random)
    return data[:a] + bytes([random.choice([0, 0xFF, 0x20])]) * (b - a) + data[b:]


def swell(data, random):
    a, b = _stretch(data, random)
    times = min(LARGEST // (b - a), 10 ** int(random.integers(2, 6)))
    return data[:a] + data[a:b] * times + data[b:]


def nothing(data, random):
    return b""


def noise(data, random):
    return random.bytes(len(data))


def _stretch(data, random):
    """Two places of some bytes: near each other more often than far apart."""
    length = min(len(data), int(10 ** random.uniform(0, np.log10(len(data)))))
    begin = int(random.integers(len(data) - length + 1))
    return begin, begin + length


# --- text ----------------------------------------------------------------------------------------


def other_encoding(data, random):
    encoding = random.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp037", "utf-7"])
    return data.decode("utf-8").encode(encoding, errors="replace")


def narrow_encoding(data, random):
    encoding = random.choice(["latin-1", "cp949", "ascii", "cp1252"])
    text = _in_the_middle(data.decode("utf-8"), "é개", random)
    return text.encode(encoding, errors="ignore")


def other_line_ends(data, random):
    ends = [b"\r\n", b"\r", b"", b"\n\n", b"\0", b"\x0b", "\u2028".encode(), "\x85".encode()]
    return data.replace(b"\n", ends[random.integers(len(ends))])


def other_separators(data, random):
    old = [b"\t", b"#", b",", b'"', b":"][random.integers(5)]
    return data.replace(old, [b"", b" ", b"\t\t", b"\0", b",,", b'""'][random.integers(6)])


def absurd_text(data, random):
    text = ABSURD_TEXTS[random.integers(len(ABSURD_TEXTS))]
    text = _in_the_middle(data.decode("utf-8"), text, random)
    return text.encode("utf-8", errors="surrogatepass")


def absurd_number(data, random):
    """Replace one of the numbers that are written in digits."""
    found = [*re.finditer(rb"\d+", data)]
    if not found:
        return flip_bits(data, random)
    place = found[random.integers(len(found))]
    number = str(ABSURD_NUMBERS[random.integers(len(ABSURD_NUMBERS))]).encode()
    return data[: place.start()] + number + data[place.end() :]


def shuffled_lines(data, random):
    lines = data.split(b"\n")
    return b"\n".join(lines[i] for i in random.integers(len(lines), size=len(lines)))


def _in_the_middle(text, more, random):
    place = int(random.integers(len(text) + 1))
    return text[:place] + more + text[place:]


# --- JSON ----------------------------------------------------------------------------------------


def other_value(data, random):
    """Swap a value somewhere in the tree for one of another type."""
    tree = json.loads(data)
    holder, key = _somewhere(tree, random)
    values = [None, True, False, [], {}, [[]], {"a": 1}, *ABSURD_NUMBERS, *ABSURD_TEXTS]
    value = values[random.integers(len(values))]
    if holder is None:
        return json.dumps(value).encode()
    holder[key] = value
    return json.dumps(tree).encode()


def without_a_key(data, random):
    tree = json.loads(data)
    holder, key = _somewhere(tree, random)
    if holder is not None:
        del holder[key]
    return json.dumps(tree).encode()


def repeated_entries(data, random):
    tree = json.loads(data)
    holder, key = _somewhere(tree, random)
    if holder is None or not isinstance(holder[key], list):
        return duplicate(data, random)
    holder[key] = holder[key] * int(random.integers(2, 5))
    return json.dumps(tree).encode()


def deep_nesting(data, random):
    depth = 10 ** int(random.integers(2, 6))
    opening, closing = [(b"[", b"]"), (b'{"a":', b"}")][random.integers(2)]
    return opening * depth + data + closing * depth


def _somewhere(tree, random):
    """A place in a tree of JSON: what holds it, and its key or index there; None for the root."""
    holder, key, node = None, None, tree
    while isinstance(node, (dict, list)) and node and (holder is None or random.random() < 0.8):
        keys = list(node) if isinstance(node, dict) else range(len(node))
        holder, key = node, keys[random.integers(len(keys))]
        node = holder[key]
    return holder, key


# --- .npz: archives that are right, with wrong members ------------------------------------------


def other_header(data, random):
    """Let the header of an array claim something else; the archive's checksums are right."""
    return _rewritten(data, random, lambda member: other_array_header(member, random))


def other_array_header(member, random):
    """The same for one array, in a .npy file of its own."""
    length = struct.unpack("<H", member[8:10])[0]
    header, body = member[10 : 10 + length].decode("latin-1"), member[10 + length :]
    shape = re.search(r"\(.*?\)", header).group()
    shapes = ["(1000000000000,)", "(-1,)", "(-2, -3)", "()", "(0,)", "(2000000000, 4)",
              "(1.5,)", "('a',)", "(" + "1," * 60 + ")", "(" * 500, "(10**9,)", "([]*3,)"]
    kinds = ["|O", "<f2", ">f4", "<f8", "<c8", "<i4", "<U9", "|V7", "<M8[s]", "|b1", "<U0",
             "x"]
    choice = random.integers(4)
    if choice == 0:
        header = header.replace(shape, shapes[random.integers(len(shapes))])
    elif choice == 1:
        header = re.sub(r"'[<|>][^']*'", f"'{kinds[random.integers(len(kinds))]}'", header)
    elif choice == 2:
        header = header.replace("False", "True")
    else:
        header = header + " " * 60_000 if random.random() < 0.5 else "__import__('os')"
    header = header.encode("latin-1")
    return member[:8] + struct.pack("<H", min(len(header), 65535)) + header + body


def other_numbers(data, random):
    """Spoil the numbers of an array; nothing but their values can tell."""
    return _rewritten(data, random, lambda member: flip_bits(member, random))


def not_finite(data, random):
    return _rewritten(data, random, lambda member: not_finite_array(member, random))


def not_finite_array(member, random):
    """Let some numbers of one array be NaN."""
    length = 10 + struct.unpack("<H", member[8:10])[0]
    return member[:length] + b"\xff" * (len(member) - length)


def planted_array(data, random):
    return pickled_array()


def planted_pickle(data, random):
    """An array of objects: to read it is to make a file."""

    return _rewritten(data, random, lambda member: pickled_array())


def pickled_array():
    """A .npy file of an object that must not be unpickled; its size is what its header claims."""
    body = pickle.dumps(np.array([MakesAFile()], dtype=object))
    body += b"\0" * (-len(body) % 8)  # read up to the pickle's end, whatever follows
    header = {"descr": "|O", "fortran_order": False, "shape": (len(body) // 8,)}
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + body


def packed(data, random):
    return _rewritten(data, random, lambda member: member, zipfile.ZIP_DEFLATED)


def bomb(data, random):
    """A member that unpacks to many times its size."""
    return _rewritten(data, random, lambda member: member + bytes(3_000_000), zipfile.ZIP_DEFLATED)


def other_members(data, random):
    """Take a member out, twice in, or under another name."""
    members = _members(data)
    name = list(members)[random.integers(len(members))]
    names = ["../../outside.npy", "/outside.npy", "C:\\outside.npy", "x", "__settings__.npy",
             "a" * 999]
    choice = random.integers(3)
    if choice == 0:
        del members[name]
    elif choice == 1:
        members[names[random.integers(len(names))]] = members[name]
    else:
        other = list(members)[random.integers(len(members))]
        members[name], members[other] = members[other], members[name]
    return _archive(members)


def other_settings(data, random):
    """Change the settings, which are JSON in an array of bytes."""
    members = _members(data)
    text = np.load(io.BytesIO(members["__settings__.npy"]), allow_pickle=False).tobytes()
    ways = [other_value, without_a_key, repeated_entries, deep_nesting, absurd_number, flip_bits]
    file = io.BytesIO()
    text = ways[random.integers(len(ways))](text, random)
    np.save(file, np.frombuffer(text, dtype=np.uint8), allow_pickle=False)
    return _archive(members | {"__settings__.npy": file.getvalue()})


def _members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _archive(members, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return file.getvalue()


def _rewritten(data, random, edit, compression=zipfile.ZIP_STORED):
    members = _members(data)
    name = list(members)[random.integers(len(members))]
    return _archive(members | {name: edit(members[name])}, compression)


# --- images --------------------------------------------------------------------------------------


def absurd_field(data, random):
    """Overwrite two or four bytes near the front, where sizes, offsets and counts are."""
    place = int(random.integers(min(len(data), 120)))
    value = [b"\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0", b"\0\0\0\0", b"\0\1",
             b"\xff\xff\xff\xff", b"\0\0\x40\0", b"\x40\0"][random.integers(9)]
    return data[:place] + value + data[place + len(value) :]


def absurd_png_size(data, random):
    """Claim another size in a PNG's header, with the right checksum."""
    if not data.startswith(b"\x89PNG"):
        return absurd_field(data, random)
    sizes = [0, 1, 9, 5000, 13_000, 65_535, 2**31 - 1, 2**32 - 1]
    width, height = (sizes[i] for i in random.integers(len(sizes), size=2))
    header = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


BYTES = [flip_bits, truncate, delete, insert, duplicate, move, fill, swell]
WHOLE = [nothing, noise]
TEXT = [other_encoding, narrow_encoding, other_line_ends, other_separators, absurd_text,
        absurd_number, shuffled_lines]
JSON = [other_value, other_value, without_a_key, repeated_entries, deep_nesting]
NPZ = [other_header, other_header, other_numbers, not_finite, planted_pickle, packed, bomb,
       other_members, other_settings, other_settings]
NPY = [other_array_header, not_finite_array, planted_array]
IMAGE = [absurd_field, absurd_field, absurd_png_size]

WAYS = {
    "text": BYTES + WHOLE + 2 * TEXT,
    "json": BYTES + WHOLE + TEXT + 3 * JSON,
    "npz": BYTES + WHOLE + NPZ,
    "npy": BYTES + WHOLE + 3 * NPY,
    "image": BYTES + WHOLE + 2 * IMAGE,
}


def corrupt(data, kind, random):
    """Spoil what is in a file, once or a few times over.

    Parameters
    ----------
    data : bytes
    kind : {"text", "json", "npz", "npy", "image"}
    random : numpy.random.Generator

    Returns
    -------
    data : bytes
    ways : list of str
        What was done to it.
    """
    ways = WAYS[kind]
    way = ways[random.integers(len(ways))]
    done, data = [way.__name__], way(data, random)
    # What comes on top needs no structure, which the first may have broken.
    while len(data) > 1 and random.random() < 0.3:
        way = BYTES[random.integers(len(BYTES) - 1)]
        done, data = [*done, way.__name__], way(data, random)
    return data, done
