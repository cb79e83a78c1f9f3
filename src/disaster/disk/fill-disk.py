# Fills a file system with one file, removes that file, or looks whether anything can still be written. Prints JSON.
# Arguments: what to do (require-limited, look, fill, free), a directory of the file system, bytes.
import contextlib
import json
import os
import sys

action, directory, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
filler = os.path.join(directory, "drill-filler")


def require_limited():
    """Refuse a directory that is not the root of a file system on a loop device: it would be the machine's own disk."""
    path = directory.removeprefix("/proc/1/root")
    with open("/proc/1/mountinfo") as mounts:
        here = [line.split() for line in mounts if line.split()[4] == path]
    source = here[-1][here[-1].index("-") + 2] if here else "none"
    if not source.startswith("/dev/loop"):
        sys.exit(f"NOT-LIMITED: {path} is on {source}")


def can_write():
    path = os.path.join(directory, "drill-attempt")
    try:
        with open(path, "wb") as file:
            file.write(os.urandom(size))
            file.flush()
            os.fsync(file.fileno())
        return True
    except OSError:
        return False
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)


def fill():
    """Reserve all blocks: large pieces first, then the small ones that are left, then what only data takes."""
    with open(filler, "ab", buffering=0) as file:
        for piece in (1 << 24, 1 << 20, 1 << 16, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    end = os.fstat(file.fileno()).st_size
                    if free() - piece < size:
                        break
                    os.posix_fallocate(file.fileno(), end, piece)
        os.fsync(file.fileno())


def free():
    stat = os.statvfs(directory)
    return stat.f_bavail * stat.f_frsize


writable = True
require_limited()
if action == "look":
    writable = can_write()
elif action == "fill":
    fill()
elif action == "free":
    with contextlib.suppress(FileNotFoundError):
        os.remove(filler)
print(json.dumps({"free": free(), "writable": writable}))
