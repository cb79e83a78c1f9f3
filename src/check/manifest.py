# Describes a tree completely, one JSON line an entry, sorted by the bytes of its path: what a restored volume is compared by.
# usage: manifest.py ROOT [--exclude PATTERN]…   Run as root; patterns are shell patterns of the path below ROOT.
# Not in it: access, change and birth times, inode numbers, and inode flags (chattr), which no backup tool is asked to keep.
import argparse
import base64
import fnmatch
import hashlib
import json
import multiprocessing
import os
import stat
import sys
import threading

MIB = 1024 * 1024
CHUNK = 64
KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink", stat.S_IFIFO: "fifo",
         stat.S_IFSOCK: "socket", stat.S_IFCHR: "character device", stat.S_IFBLK: "block device"}


def text(key, value):
    """Bytes as text where they are UTF-8, else as base64 under another key: no two names look the same."""
    try:
        return {key: value.decode("utf-8")}
    except UnicodeDecodeError:
        return {key + "64": base64.b64encode(value).decode()}


def walk(root, skipped, below=b""):
    """Paths in the order of their bytes: `a`, `a-b`, `a/c`. Only the names of the open directories are in memory."""
    items = []
    with os.scandir(os.path.join(root, below)) as entries:
        for entry in entries:
            items.append((entry.name, False))
            if entry.is_dir(follow_symlinks=False):
                items.append((entry.name + b"/", True))
    items.sort()
    for name, descend in items:
        path = below + name
        if skipped(path.rstrip(b"/")):
            continue
        if descend:
            yield from walk(root, skipped, path)
        else:
            yield path


def sha256(path):
    with open(path, "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else slowly(file)


def slowly(file):
    digest = hashlib.sha256()
    while data := file.read(MIB):
        digest.update(data)
    return digest.hexdigest()


def attributes(path):
    values = {}
    for name in sorted(os.listxattr(path, follow_symlinks=False)):
        value = os.getxattr(path, name, follow_symlinks=False)
        values[name] = value.hex() if len(value) <= 64 else "sha256:" + hashlib.sha256(value).hexdigest()
    return values


def describe(root, path):
    full = os.path.join(root, path) if path != b"." else root
    info = os.lstat(full)
    kind = stat.S_IFMT(info.st_mode)
    entry = {**text("path", path), "type": KINDS[kind], "mode": f"{stat.S_IMODE(info.st_mode):04o}", "uid": info.st_uid, "gid": info.st_gid}
    entry["mtime_ns"] = info.st_mtime_ns
    if kind == stat.S_IFREG:
        entry["size"] = info.st_size
        entry["sha256"] = sha256(full)
        # Below a MiB a file system may round either way; above, fewer blocks than bytes means holes.
        entry["sparse"] = info.st_size > MIB and info.st_blocks * 512 < info.st_size
    elif kind == stat.S_IFLNK:
        entry.update(text("target", os.readlink(full)))
    elif kind in (stat.S_IFCHR, stat.S_IFBLK):
        entry["device"] = f"{os.major(info.st_rdev)}:{os.minor(info.st_rdev)}"
    if found := attributes(full):
        entry["xattrs"] = found
    if kind != stat.S_IFDIR and info.st_nlink > 1:
        entry["links"] = info.st_nlink
        entry["inode"] = f"{info.st_dev}:{info.st_ino}"
    return entry


def describe_all(job):
    root, paths = job
    return [describe(root, path) for path in paths]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root")
    parser.add_argument("--exclude", action="append", default=[])
    options = parser.parse_args()
    root = os.fsencode(options.root)
    patterns = [os.fsencode(pattern) for pattern in options.exclude]
    skipped = lambda path: any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)
    # The pool reads its input as fast as it can; this keeps it a few chunks ahead of what was printed.
    ahead = threading.Semaphore(8 * (os.cpu_count() or 1))

    def jobs():
        chunk = [b"."]
        for path in walk(root, skipped):
            chunk.append(path)
            if len(chunk) == CHUNK:
                ahead.acquire()
                yield root, chunk
                chunk = []
        ahead.acquire()
        yield root, chunk

    first_of = {}
    with multiprocessing.get_context("fork").Pool() as pool:
        for entries in pool.imap(describe_all, jobs()):
            ahead.release()
            for entry in entries:
                if inode := entry.pop("inode", None):
                    # Paths come sorted, so the first one of an inode names the group.
                    entry["linked_with"] = first_of.setdefault(inode, entry.get("path", entry.get("path64")))
                sys.stdout.write(json.dumps(entry, separators=(",", ":")) + "\n")
    sys.stdout.flush()


main()
