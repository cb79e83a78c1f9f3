"""Every entry below /data with its content and all its metadata, one JSON line each, sorted by path. Usage: manifest.py [EXCLUDED-PREFIX ...]"""
import base64, hashlib, json, os, stat, sys
from concurrent.futures import ProcessPoolExecutor

ROOT = b"/data"
CHUNK = 256
EXCLUDED = tuple(prefix.encode() for prefix in sys.argv[1:])


def entries():
    """Paths below the root, each directory's sorted; the root itself first."""
    waiting = [b""]
    while waiting:
        path = waiting.pop()
        yield path
        full = os.path.join(ROOT, path)
        if stat.S_ISDIR(os.lstat(full).st_mode):
            names = sorted(os.listdir(full), reverse=True)
            waiting.extend(child for child in (os.path.join(path, name) for name in names) if not child.startswith(EXCLUDED or (b"\0",)))


def text(raw):
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw).decode()}


def attributes(full):
    found = {}
    for name in sorted(os.listxattr(full, follow_symlinks=False)):
        found[name] = hashlib.sha256(os.getxattr(full, name, follow_symlinks=False)).hexdigest()[:16]
    return found


def describe(path):
    full = os.path.join(ROOT, path)
    seen = os.lstat(full)
    entry = {
        "path": text(path or b"."), "type": stat.filemode(seen.st_mode)[0], "mode": f"{stat.S_IMODE(seen.st_mode):04o}",
        "owner": f"{seen.st_uid}:{seen.st_gid}", "mtime": seen.st_mtime_ns,
    }
    if stat.S_ISLNK(seen.st_mode):
        entry["target"] = text(os.readlink(full))
    else:
        entry["attributes"] = attributes(full)
    if stat.S_ISREG(seen.st_mode):
        with open(full, "rb") as file:
            entry["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
        entry["size"] = seen.st_size
        entry["sparse"] = seen.st_size > 1 << 20 and seen.st_blocks * 512 < seen.st_size
        entry["links"] = seen.st_nlink
    return json.dumps(entry), (seen.st_ino if stat.S_ISREG(seen.st_mode) and seen.st_nlink > 1 else None)


def described(chunk):
    return [describe(path) for path in chunk]


def chunks(paths):
    chunk = []
    for path in paths:
        chunk.append(path)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    yield chunk


def main():
    first_of = {}
    with ProcessPoolExecutor() as pool:
        pending, source = [], chunks(entries())
        while True:
            # A bounded look-ahead keeps both cores busy and memory flat.
            while source and len(pending) < 16:
                chunk = next(source, None)
                if chunk is None:
                    source = None
                else:
                    pending.append(pool.submit(described, chunk))
            if not pending:
                return
            for line, inode in pending.pop(0).result():
                if inode is not None:
                    # Which entries are one file: the path that was met first.
                    entry = json.loads(line)
                    entry["same file as"] = first_of.setdefault(inode, entry["path"])
                    line = json.dumps(entry)
                print(line)


main()
