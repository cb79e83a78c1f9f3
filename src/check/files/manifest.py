"""Lists every entry below /data with its content and all its metadata. Usage: manifest.py [EXCLUDED-PREFIX ...]

One line of JSON per entry, ordered by the bytes of the paths, a directory before its contents; the last line has the count, and of
each prefix how many entries were left out.
Names are written byte by byte (Latin-1), so that unusual names are complete and keep the order of their bytes. What can't be read, or
changes while it is read, ends the program with a reason (exit code 3 for a change). No entry is left out silently.
Python, because it runs in a container with the volume mounted, which has no Node.js.
"""
import errno
import fcntl
import gc
import os
import stat
import sys
from collections import deque
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from hashlib import sha256
from itertools import batched
from json import dumps
from json.encoder import encode_basestring_ascii as quoted
from multiprocessing import get_context

ROOT = b"/data"
EXCLUDED = tuple(map(os.fsencode, sys.argv[1:]))
CHUNK = 1024
# How many chunks may wait for their turn: what keeps the other core busy during a large file, and memory flat.
AHEAD = 128
# Files from this size on are hashed in threads, which Python's lock does not hold up then.
LARGE = 1 << 20
# Without following a link, and without waiting for the other end of what became a FIFO.
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
DIRECTORY = FILE | os.O_DIRECTORY
# The kernel takes 4,096 bytes of a path at a time.
LONGEST = 4000

# Nothing here refers to itself, so there is nothing to look for.
gc.disable()

CHANGED = OSError(errno.EAGAIN, "changed")
hashers, readers = ThreadPoolExecutor(), ThreadPoolExecutor()


class Refusal(Exception):
    """Why there is no manifest, and the exit code that says so."""


def refusal(path, error):
    where = path.decode("utf-8", "backslashreplace") or "."
    if error.errno in (errno.ENOENT, errno.ESTALE):
        return Refusal(f"{where} vanished while the files were read", 3)
    if error.errno in (errno.EAGAIN, errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
        return Refusal(f"{where} changed while the files were read", 3)
    return Refusal(f"{where} can't be read: {error.strerror}", 1)


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


def facts(path, seen):
    """The begin of every line."""
    seconds, below = divmod(seen.st_mtime_ns, 1_000_000_000)
    name, rights = quoted(path.decode("latin-1")), permissions(seen.st_mode, seen.st_uid, seen.st_gid)
    return f'{{"path":{name},{rights},"mtime":"{seconds}.{below:09d}"'


known = {}


def permissions(mode, user, group):
    text = known.get((mode, user, group))
    if text is None:
        text = f'"type":"{stat.filemode(mode)[0]}","mode":"{stat.S_IMODE(mode):04o}","owner":"{user}:{group}"'
        known[mode, user, group] = text
    return text


def attributes(where, **links):
    names = os.listxattr(where, **links)
    if not names:
        return ""
    digests = {name: sha256(os.getxattr(where, name, **links)).hexdigest()[:16] for name in sorted(names)}
    return f',"attributes":{dumps(digests)}'


# Of linux/fs.h. Only flags that a person sets with chattr: others are the file system's, and differ between two of the same kind.
FS_IOC_GETFLAGS = 0x80086601
FLAGS = {0x4: "c", 0x8: "S", 0x10: "i", 0x20: "a", 0x40: "d", 0x80: "A", 0x10000: "D", 0x800000: "C"}


def flags(fd):
    try:
        bits = int.from_bytes(fcntl.ioctl(fd, FS_IOC_GETFLAGS, bytes(8))[:4], sys.byteorder)
    except OSError as error:
        if error.errno in (errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL):
            # A file system without them.
            return ""
        raise
    letters = "".join(letter for bit, letter in FLAGS.items() if bits & bit)
    return f',"flags":"{letters}"' if letters else ""


def unchanged(before, after):
    if (before.st_ctime_ns, before.st_size) != (after.st_ctime_ns, after.st_size):
        raise CHANGED


def walk():
    """Everything in order: a directory as its line, which is read together with its names; the rest as kind and path."""
    waiting = [b"d"]
    while waiting:
        item = waiting.pop()
        if item[:1] == b"d":
            try:
                item, inside = directory(item[1:])
            except OSError as error:
                raise refusal(item[1:], error) from None
            waiting += inside
        yield item


def directory(path):
    fd = open_directory(path)
    try:
        before = os.fstat(fd)
        with os.scandir(fd) as found:
            names = sorted(((os.fsencode(entry.name), kind(entry)) for entry in found), reverse=True)
        line = facts(path or b".", before) + attributes(fd) + flags(fd) + "}\n"
        unchanged(before, os.fstat(fd))
    finally:
        os.close(fd)
    start = path + b"/" if path else b""
    children = []
    for name, kind_of in names:
        child = start + name
        prefix = next((prefix for prefix in EXCLUDED if child.startswith(prefix)), None)
        if prefix is None:
            children.append(kind_of + child)
        else:
            left_out[prefix] = left_out.get(prefix, 0) + size_of(child, kind_of)
    return line, children


left_out = {}


def size_of(path, kind_of):
    """Returns how many entries are left out with this one. What vanishes during the count does not matter."""
    if kind_of != b"d":
        return 1
    return 1 + sum(len(folders) + len(files) for _, folders, files in os.walk(os.path.join(ROOT, path)))


def kind(entry):
    return b"f" if entry.is_file(follow_symlinks=False) else b"d" if entry.is_dir(follow_symlinks=False) else b"o"


def described(items):
    """The lines of a chunk. A NUL in them is the place of each of `linked`, in their order: names of files that have several."""
    lines, linked, parent, folder = [], [], None, None
    for item in items:
        if isinstance(item, str):
            lines.append(item)
            continue
        path = item[1:]
        outer, _, name = path.rpartition(b"/")
        try:
            if outer != parent:
                if folder is not None:
                    os.close(folder)
                parent, folder = outer, open_directory(outer)
            lines.append(file(path, name, folder, linked) if item[:1] == b"f" else other(path, name, folder))
        except OSError as error:
            raise refusal(path, error) from None
    if folder is not None:
        os.close(folder)
    return "".join(line if isinstance(line, str) else line.result() for line in lines).encode(), linked


def file(path, name, folder, linked):
    """Its line, or of a large one the promise of it."""
    fd = os.open(name, FILE, dir_fd=folder)
    try:
        seen = os.fstat(fd)
        if not stat.S_ISREG(seen.st_mode):
            raise CHANGED
        if seen.st_nlink > 1:
            linked.append((path, (seen.st_dev, seen.st_ino), seen.st_nlink))
        if seen.st_size < LARGE:
            content = os.read(fd, seen.st_size + 1)
            if len(content) == seen.st_size:
                return file_line(path, fd, seen, sha256(content))
    finally:
        os.close(fd)
    return hashers.submit(large_file, path, seen)


def large_file(path, seen):
    outer, _, name = path.rpartition(b"/")
    try:
        folder = open_directory(outer)
        try:
            fd = os.open(name, FILE, dir_fd=folder)
        finally:
            os.close(folder)
        try:
            digest, piece = sha256(), os.read(fd, LARGE)
            while piece:
                # The next piece is read while this one is hashed.
                following = readers.submit(os.read, fd, LARGE)
                digest.update(piece)
                piece = following.result()
            return file_line(path, fd, seen, digest)
        finally:
            os.close(fd)
    except OSError as error:
        raise refusal(path, error) from None


def file_line(path, fd, seen, digest):
    size = seen.st_size
    line = f'{facts(path, seen)}{attributes(fd)}{flags(fd)},"size":{size},"sha256":"{digest.hexdigest()}"'
    # Few blocks may also mean that the file system compresses.
    if seen.st_blocks * 512 < size and os.lseek(fd, 0, os.SEEK_HOLE) < size:
        line += ',"sparse":true'
    if seen.st_nlink > 1:
        line += f',"links":{seen.st_nlink},"first":\0'
    unchanged(seen, os.fstat(fd))
    return line + "}\n"


def other(path, name, folder):
    """What can't be opened to look at it: symbolic links, FIFOs, sockets, devices."""
    seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
    line = facts(path, seen) + attributes(b"/proc/self/fd/%d/%s" % (folder, name), follow_symlinks=False)
    if stat.S_ISLNK(seen.st_mode):
        line += f',"target":{quoted(os.readlink(name, dir_fd=folder).decode("latin-1"))}'
    if stat.S_ISBLK(seen.st_mode) or stat.S_ISCHR(seen.st_mode):
        line += f',"device":"{os.major(seen.st_rdev)}:{os.minor(seen.st_rdev)}"'
    return line + "}\n"


first_names = {}


def put(block, linked):
    """Writes a chunk, and of each name of a file that has several, which of them was met first."""
    pieces = block.split(b"\0")
    for piece, (path, inode, links) in zip(pieces, linked, strict=False):
        first, left = first_names.pop(inode, (path, links))
        # Forgotten once all of its names were met.
        if left > 1:
            first_names[inode] = (first, left - 1)
        sys.stdout.buffer.write(piece + quoted(first.decode("latin-1")).encode())
    sys.stdout.buffer.write(pieces[-1])


def main():
    entries, waiting = 0, deque()
    pool = ProcessPoolExecutor(mp_context=get_context("fork"))
    try:
        for chunk in batched(walk(), CHUNK):
            entries += len(chunk)
            waiting.append(pool.submit(described, chunk))
            if len(waiting) > AHEAD:
                put(*waiting.popleft().result())
        while waiting:
            put(*waiting.popleft().result())
    except Refusal as refused:
        reason, code = refused.args
        print(reason, file=sys.stderr)
        sys.exit(code)
    finally:
        pool.shutdown(cancel_futures=True)
    counts = {prefix.decode("utf-8", "surrogateescape"): count for prefix, count in left_out.items()}
    sys.stdout.buffer.write(b'{"entries":%d,"excluded":%s}\n' % (entries, dumps(counts).encode()))


main()
