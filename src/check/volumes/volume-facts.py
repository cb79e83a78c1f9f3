"""Prints what a user may do with the volume at /volume, as JSON. Python: it runs next to the volume, in an image without Node.js.

    volume-facts.py UID GID [GROUP ...]
"""
import json
import os
import stat
import sys

ROOT = b"/volume"


def entries():
    """Yields the path of every entry, without the root. Links are left out: their own permissions mean nothing."""
    for directory, directories, files in os.walk(ROOT):
        for name in directories + files:
            path = os.path.join(directory, name)
            if not os.path.islink(path):
                yield path


def count_denied(paths, uid, gid, groups):
    """Returns how many paths the user can not read, and can not write, and whether the root. Asked as that user: root may do anything."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.setgroups(groups)
        os.setgid(gid)
        os.setuid(uid)
        unreadable = sum(not os.access(path, os.R_OK) for path in paths)
        unwritable = sum(not os.access(path, os.W_OK) for path in paths)
        os.write(writer, json.dumps([unreadable, unwritable, os.access(ROOT, os.W_OK | os.X_OK)]).encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as answer:
        denied = json.load(answer)
    os.waitpid(child, 0)
    return denied


uid, gid, *groups = map(int, sys.argv[1:])
root = os.stat(ROOT)
paths = list(entries())
unreadable, unwritable, writable = count_denied(paths, uid, gid, groups)
print(
    json.dumps(
        {
            "owner": f"{root.st_uid}:{root.st_gid}",
            "mode": f"{stat.S_IMODE(root.st_mode):04o}",
            "entries": len(paths),
            "isWritable": writable,
            "unreadable": unreadable,
            "unwritable": unwritable,
        }
    )
)
