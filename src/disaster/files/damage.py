# Damages files, or restores them from the copies that were made first. Prints JSON: the SHA-256 of each file by its path.
# Arguments: what to do, the directory of the copies, the root that patterns are relative to, then
#   look PATTERN...                 nothing but the hashes
#   corrupt OFFSET BYTES PATTERN... inverts BYTES bytes from OFFSET; a negative offset counts from the end
#   truncate SIZE PATTERN...        keeps SIZE bytes; with "%" that part of them
#   restore PATTERN...              writes the copies back
import glob
import hashlib
import json
import os
import shutil
import sys


def copy_of(copies, path):
    return os.path.join(copies, hashlib.sha256(path.encode()).hexdigest())


def keep_copy(copies, path):
    os.makedirs(copies, mode=0o700, exist_ok=True)
    if not os.path.exists(copy_of(copies, path)):
        shutil.copyfile(path, copy_of(copies, path))


def corrupt(path, offset, length):
    size = os.path.getsize(path)
    start = offset if offset >= 0 else size + offset
    if start < 0 or start + length > size:
        sys.exit(f"{path}: expected at least {max(start + length, -offset)} bytes, got {size}")
    with open(path, "r+b") as file:
        file.seek(start)
        original = file.read(length)
        file.seek(start)
        file.write(bytes(byte ^ 0xFF for byte in original))


def truncate(path, size):
    now = os.path.getsize(path)
    keep = int(now * int(size[:-1]) / 100) if size.endswith("%") else int(size)
    if keep >= now:
        sys.exit(f"{path}: expected more than {keep} bytes, got {now}")
    os.truncate(path, keep)


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


action, copies, root, *rest = sys.argv[1:]
settings = {"look": 0, "corrupt": 2, "truncate": 1, "restore": 0}[action]
patterns = rest[settings:]
paths = sorted({path for pattern in patterns for path in glob.glob(root + pattern) if os.path.isfile(path)})
if not paths:
    sys.exit(f"no file matches {' or '.join(patterns)}")
for path in paths:
    if action in ("corrupt", "truncate"):
        keep_copy(copies, path)
    if action == "corrupt":
        corrupt(path, int(rest[0]), int(rest[1]))
    elif action == "truncate":
        truncate(path, rest[0])
    elif action == "restore":
        with open(copy_of(copies, path), "rb") as copy, open(path, "r+b") as file:
            shutil.copyfileobj(copy, file)
            file.truncate()
print(json.dumps({path.removeprefix(root): sha256(path) for path in paths}))
