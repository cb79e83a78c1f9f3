"""Runs a program, and interrupts it when it hangs. Usage: watchdog.py SECONDS PROGRAM [ARGUMENT ...]

Sends SIGINT, so that the program prints what it waits for, when no process of this container has read, written or computed anything
for SECONDS, or when the program announces that it will retry a failing request after more than half of that. Kills a program that
ignores it. Exits with the program's exit code, or 128 plus the number of the signal that ended it; with 1 after an interrupt.

It runs in the container, in Python: only /proc shows whether a program still sends something (the engine's statistics don't count
the host's network, and a program prints no progress while it waits for its last upload), and the image has no Node.
"""
import os
import re
import signal
import subprocess
import sys
import threading
import time

STALL_TIMEOUT, GRACE = float(sys.argv[1]), 10
# The keep-alive messages of ssh, and the processor time of a program that waits, do not count as activity.
BYTES_A_SECOND, PROCESSOR_SHARE = 100, 0.01
TICKS = os.sysconf("SC_CLK_TCK")
# restic doubles the pause with every failure of the same operation, for a quarter of an hour.
RETRY = re.compile(rb"retrying after (?:(\d+)m)?([\d.]+)s")


def activity():
    """Returns bytes read and written, and seconds of processor time, of every process of this container except this one."""
    moved = computed = 0
    for process in filter(str.isdigit, os.listdir("/proc")):
        if int(process) == os.getpid():
            continue
        try:
            with open(f"/proc/{process}/io") as io, open(f"/proc/{process}/stat") as stat:
                moved += sum(int(line.split()[1]) for line in io if line.startswith(("rchar", "wchar")))
                computed += sum(map(int, stat.read().rpartition(")")[2].split()[11:13])) / TICKS
        except (FileNotFoundError, ProcessLookupError):
            pass
    return moved, computed


def copy_stderr():
    for line in program.stderr:
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
        retry = RETRY.search(line)
        if retry and int(retry[1] or 0) * 60 + float(retry[2]) > STALL_TIMEOUT / 2:
            keeps_failing.set()


program = subprocess.Popen(sys.argv[2:], stderr=subprocess.PIPE)
keeps_failing = threading.Event()
stderr_copy = threading.Thread(target=copy_stderr, daemon=True)
stderr_copy.start()
for forwarded in (signal.SIGINT, signal.SIGTERM):
    signal.signal(forwarded, lambda number, _: program.send_signal(number))
interrupted, active, last = None, time.monotonic(), activity()
while True:
    try:
        code = program.wait(min(1, STALL_TIMEOUT / 4))
        break
    except subprocess.TimeoutExpired:
        now = time.monotonic()
    if interrupted is not None:
        if now - interrupted > GRACE:
            program.kill()
        continue
    moved, computed = (abs(now - then) for now, then in zip(activity(), last, strict=True))
    if moved > BYTES_A_SECOND * STALL_TIMEOUT or computed > PROCESSOR_SHARE * STALL_TIMEOUT:
        active, last = now, activity()
    stalled = now - active > STALL_TIMEOUT
    if stalled or keeps_failing.is_set():
        reason = f"no activity for {STALL_TIMEOUT:g} s" if stalled else "the same request keeps failing"
        print(f"{reason}: interrupted", file=sys.stderr, flush=True)
        interrupted = now
        program.send_signal(signal.SIGINT)
# A process that it started may hold its standard error open for longer than it runs.
stderr_copy.join(1)
sys.exit(1 if interrupted is not None else code if code >= 0 else 128 - code)
