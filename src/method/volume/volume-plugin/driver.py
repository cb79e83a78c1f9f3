"""A Docker volume driver with snapshots, run as a managed plugin.

A volume is a directory on the node's disk; a snapshot is a copy of one that shares its blocks where the file system can (btrfs, XFS)
and is a full copy elsewhere. A copy takes time: it is of one moment only if nobody writes meanwhile.

    docker volume create -d DRIVER files                           an empty volume
    docker volume create -d DRIVER -o snapshot-of=files monday     files as they are now, read-only
    docker volume create -d DRIVER -o from=monday files-of-monday  a volume that begins as the snapshot

Below STATE each volume has a directory with `data` and `volume.json`; a name with a dot in front is work that was cut off. Below
MOUNTS, which the engine sees, each volume in use is bound. The protocol: https://docs.docker.com/engine/extend/plugins_volume/
"""
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer

STATE, MOUNTS, SOCKET = "/state", "/mounts", "/run/docker/plugins/snapshots.sock"
MS_RDONLY, MS_REMOUNT, MS_BIND, MNT_DETACH = 0x1, 0x20, 0x1000, 0x2
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
COPY = ["cp", "-dR", "--preserve=mode,ownership,timestamps,links,xattr", "--reflink=auto", "--no-target-directory"]
libc = ctypes.CDLL(None, use_errno=True)


class Refusal(Exception):
    """What the engine, and so the person, is told."""


def checked(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def mount(source, target, flags):
    checked(libc.mount(source.encode(), target.encode(), None, flags, None))


def unmount(target):
    checked(libc.umount2(target.encode(), MNT_DETACH))


def bind(source, target, read_only):
    os.makedirs(target, exist_ok=True)
    if not read_only:
        mount(source, target, MS_BIND)
        return
    # Making a mount read-only reaches none of its copies, so the engine's would be writable. But a copy of one that is read-only
    # is made read-only.
    mount(source, source, MS_BIND)
    mount(source, source, MS_REMOUNT | MS_BIND | MS_RDONLY)
    mount(source, target, MS_BIND)
    unmount(source)


def unbind(target):
    unmount(target)
    os.rmdir(target)


class Volumes:
    def __init__(self):
        self.lock = threading.Lock()
        # By volume, the mounts that the engine asked for and did not give back.
        self.users = {}
        with open("/proc/self/mountinfo") as table:
            left = [line.split()[4] for line in table]
        for target in left:
            if target.startswith(MOUNTS + "/"):
                unbind(target)
        for name in os.listdir(STATE):
            if name.startswith("."):
                shutil.rmtree(os.path.join(STATE, name))

    def home(self, name):
        if not NAME.fullmatch(name):
            raise Refusal(f'expected a name of letters, digits, "_", "." and "-", got "{name}"')
        return os.path.join(STATE, name)

    def facts(self, name):
        try:
            with open(os.path.join(self.home(name), "volume.json")) as file:
                return json.load(file)
        except FileNotFoundError:
            raise Refusal(f"there is no volume {name}") from None

    def described(self, name):
        facts = self.facts(name)
        status = {key: facts[key] for key in ("snapshot-of", "from") if key in facts}
        return {"Name": name, "CreatedAt": facts["created"], "Mountpoint": self.mountpoint(name), "Status": status}

    def mountpoint(self, name):
        return os.path.join(MOUNTS, name) if self.users.get(name) else ""

    def list(self):
        with self.lock:
            return [self.described(name) for name in sorted(os.listdir(STATE)) if not name.startswith(".")]

    def create(self, name, options):
        home, source = self.home(name), self.source(options)
        work = os.path.join(STATE, f".making-{name}")
        with self.lock:
            if os.path.exists(home) or os.path.exists(work):
                raise Refusal(f"there is a volume {name} already, or it is being made")
            os.mkdir(work)
        try:
            data = os.path.join(work, "data")
            if source is None:
                os.mkdir(data)
            else:
                copied = subprocess.run([*COPY, os.path.join(self.home(source), "data"), data], stderr=subprocess.PIPE, text=True)
                if copied.returncode != 0:
                    raise Refusal(f"copying {source} failed: {copied.stderr.strip()[-500:]}")
            with open(os.path.join(work, "volume.json"), "w") as file:
                json.dump({"created": datetime.now(UTC).isoformat(timespec="seconds"), **options}, file)
            subprocess.run(["sync", "--file-system", work], check=True)
            os.rename(work, home)
        except BaseException:
            shutil.rmtree(work)
            raise

    def source(self, options):
        """The volume to copy, if any."""
        if len(options) > 1 or not options.keys() <= {"snapshot-of", "from"}:
            raise Refusal(f"expected no option, or one of snapshot-of and from, got {', '.join(options)}")
        for option, source in options.items():
            is_snapshot = "snapshot-of" in self.facts(source)
            if option == "from" and not is_snapshot:
                raise Refusal(f"{source} is not a snapshot: take one of it first, with snapshot-of={source}")
            if option == "snapshot-of" and is_snapshot:
                raise Refusal(f"{source} is a snapshot already: from={source} makes a volume of it")
            return source

    def remove(self, name):
        self.facts(name)
        trash = os.path.join(STATE, f".removing-{name}")
        with self.lock:
            if self.users.get(name):
                raise Refusal(f"the volume {name} is in use")
            os.rename(self.home(name), trash)
        shutil.rmtree(trash)

    def mount(self, name, user):
        facts = self.facts(name)
        with self.lock:
            users = self.users.setdefault(name, set())
            if not users:
                bind(os.path.join(self.home(name), "data"), os.path.join(MOUNTS, name), "snapshot-of" in facts)
            users.add(user)
            return self.mountpoint(name)

    def unmount(self, name, user):
        with self.lock:
            users = self.users.get(name, set())
            # The engine may give back what a driver before this one, that ended, was asked for.
            if user in users:
                users.remove(user)
                if not users:
                    unbind(os.path.join(MOUNTS, name))


volumes = Volumes()
CALLS = {
    "/Plugin.Activate": lambda ask: {"Implements": ["VolumeDriver"]},
    "/VolumeDriver.Capabilities": lambda ask: {"Capabilities": {"Scope": "local"}},
    "/VolumeDriver.Create": lambda ask: volumes.create(ask["Name"], ask.get("Opts") or {}),
    "/VolumeDriver.Remove": lambda ask: volumes.remove(ask["Name"]),
    "/VolumeDriver.Mount": lambda ask: {"Mountpoint": volumes.mount(ask["Name"], ask["ID"])},
    "/VolumeDriver.Unmount": lambda ask: volumes.unmount(ask["Name"], ask["ID"]),
    "/VolumeDriver.Path": lambda ask: {"Mountpoint": volumes.mountpoint(ask["Name"])},
    "/VolumeDriver.Get": lambda ask: {"Volume": volumes.described(ask["Name"])},
    "/VolumeDriver.List": lambda ask: {"Volumes": volumes.list()},
}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        ask = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
        try:
            answer = CALLS[self.path](ask) or {}
        except Exception as error:
            answer = {"Err": str(error) if isinstance(error, Refusal) else f"{type(error).__name__}: {error}"}
        try:
            self.send(json.dumps({"Err": "", **answer}).encode())
        except BrokenPipeError:
            # The engine waits two minutes for a copy, and says then that there is none.
            if self.path == "/VolumeDriver.Create" and "Err" not in answer:
                volumes.remove(ask["Name"])

    def send(self, text):
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.docker.plugins.v1.2+json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """The engine asks often, and logs itself what goes wrong."""


class Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


# The first process of a container ends at no signal that it doesn't handle.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
os.makedirs(os.path.dirname(SOCKET), exist_ok=True)
Server(SOCKET, Handler).serve_forever()
