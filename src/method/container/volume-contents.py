"""Lists what the volume at /volume has, without reading any file. Python: it runs next to the volume, in an image without Node.js.

    volume-contents.py list [TYPES]       every entry but those of the given types (letters as in `ls -l`)
    volume-contents.py unchanged [TYPES]  the entries of the list on standard input that are the same now; counts as JSON on standard error
    volume-contents.py compare [TYPES]    how the volume differs from the list on standard input, as JSON

An entry is `TYPE SIZE IDENTITY PATH` and a NUL byte; the entries are ordered by the bytes of their names, a directory before what is
in it. The identity shows changes that leave type and size as they were. A restored entry has another one, so only `unchanged` uses it.
"""
import os
import stat
import sys
from json import dumps

ROOT = b"/volume"
DIRECTORY = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
# The kernel takes 4,096 bytes of a path at a time.
LONGEST = 4000
# How many differences are named.
NAMED = 20


def open_directory(path):
    path, fd = os.path.join(ROOT, path), None
    while path:
        cut = len(path) if len(path) <= LONGEST else path.rindex(b"/", 0, LONGEST)
        outer = fd
        try:
            fd = os.open(path[:cut], DIRECTORY, dir_fd=outer)
        finally:
            if outer is not None:
                os.close(outer)
        path = path[cut + 1 :]
    return fd


def inside(path):
    """Returns the entries of a directory; none if it is gone, since it has changed then."""
    found = []
    try:
        fd = open_directory(path)
    except (FileNotFoundError, NotADirectoryError):
        return found
    try:
        for name in map(os.fsencode, os.listdir(fd)):
            try:
                seen = os.stat(name, dir_fd=fd, follow_symlinks=False)
            except FileNotFoundError:
                continue
            found.append((os.path.join(path, name), seen))
    finally:
        os.close(fd)
    return found


def key(path):
    """Orders a directory before what is in it, and that before names which only begin like the directory's."""
    return path.replace(b"/", b"\0")


def walk(left_out):
    """Yields path, type, size and identity of every entry."""
    waiting = sorted(inside(b""), reverse=True)
    while waiting:
        path, seen = waiting.pop()
        kind = stat.filemode(seen.st_mode)[0]
        if kind == "d":
            # Its size and its times change with what is in it, which has its own entries.
            yield path, kind, 0, f"{seen.st_ino}"
            waiting += sorted(inside(path), reverse=True)
        elif kind not in left_out:
            size = seen.st_size if kind == "-" else 0
            yield path, kind, size, f"{seen.st_ino}.{seen.st_ctime_ns}"


def read_list():
    """Yields the entries on standard input, which may be cut anywhere in between."""
    rest = b""
    while piece := sys.stdin.buffer.read1(1 << 16):
        *whole, rest = (rest + piece).split(b"\0")
        for entry in whole:
            kind, size, identity, path = entry.split(b" ", 3)
            yield path, kind.decode(), int(size), identity.decode()
    if rest:
        sys.exit("the list ends in the middle of an entry")


def pairs(listed, found):
    """Yields the entry of each path on either side, with None where a side has none."""
    was, now = next(listed, None), next(found, None)
    while was or now:
        if now is None or (was and key(was[0]) < key(now[0])):
            yield was, None
            was = next(listed, None)
        elif was is None or key(now[0]) < key(was[0]):
            yield None, now
            now = next(found, None)
        else:
            yield was, now
            was, now = next(listed, None), next(found, None)


def write(path, kind, size, identity):
    sys.stdout.buffer.write(b"%s %d %s %s\0" % (kind.encode(), size, identity.encode(), path))


def unchanged(left_out):
    sums = {"entries": 0, "bytes": 0, "changing": 0}
    for was, now in pairs(read_list(), walk(left_out)):
        if was != now:
            sums["changing"] += 1
            continue
        sums["entries"] += 1
        sums["bytes"] += now[2]
        write(*now[:3], "-")
    print(dumps(sums), file=sys.stderr)


def compare(left_out):
    sums = {"entries": 0, "bytes": 0, "missing": 0, "changed": 0, "extra": 0}
    named = []
    for was, now in pairs(read_list(), walk(left_out)):
        if now:
            sums["entries"] += 1
            sums["bytes"] += now[2]
        what = "missing" if not now else "extra" if not was else "changed" if was[1:3] != now[1:3] else None
        if what is None:
            continue
        sums[what] += 1
        if len(named) < NAMED:
            named.append([what, (was or now)[0].decode("latin-1")])
    print(dumps({**sums, "named": named}))


mode, left_out = sys.argv[1], "".join(sys.argv[2:])
if mode == "list":
    for entry in walk(left_out):
        write(*entry)
elif mode == "unchanged":
    unchanged(left_out)
elif mode == "compare":
    compare(left_out)
else:
    sys.exit(f"expected list, unchanged or compare, got {mode}")
