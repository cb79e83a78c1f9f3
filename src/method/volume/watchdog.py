"""Runs a program and sees that it moves. Usage: unstuck.py SECONDS PROGRAM [ARGUMENT ...]

When neither it nor what it started has read, written or computed anything for so long, or when it says that it will try something that
keeps failing again after half as long, it is told to stop as by Ctrl-C, so that it says why; what doesn't listen is killed. The exit
code is the program's own, or 128 and the number of the signal that ended it; 1 when it was told to stop.
"""
import os
import re
import signal
import subprocess
import sys
import threading
import time

PATIENCE, LAST_WORDS = float(sys.argv[1]), 10
# What ssh says to keep a connection open, and what a program does that waits, are no signs of life.
BYTES_A_SECOND, PROCESSOR_SHARE = 100, 0.01
TICKS = os.sysconf("SC_CLK_TCK")
# restic doubles the pause with every failure of the same operation, for a quarter of an hour.
AGAIN = re.compile(rb"retrying after (?:(\d+)m)?([\d.]+)s")


def signs():
    """Bytes read and written, and seconds of processor time, of every process of this container but this one."""
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


def pass_words_on():
    for line in program.stderr:
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
        again = AGAIN.search(line)
        if again and int(again[1] or 0) * 60 + float(again[2]) > PATIENCE / 2:
            fails_again_and_again.set()


program = subprocess.Popen(sys.argv[2:], stderr=subprocess.PIPE)
fails_again_and_again = threading.Event()
words = threading.Thread(target=pass_words_on, daemon=True)
words.start()
for passed_on in (signal.SIGINT, signal.SIGTERM):
    signal.signal(passed_on, lambda number, _: program.send_signal(number))
told, alive, last = None, time.monotonic(), signs()
while True:
    try:
        code = program.wait(min(1, PATIENCE / 4))
        break
    except subprocess.TimeoutExpired:
        now = time.monotonic()
    if told is not None:
        if now - told > LAST_WORDS:
            program.kill()
        continue
    moved, computed = (abs(now - then) for now, then in zip(signs(), last, strict=True))
    if moved > BYTES_A_SECOND * PATIENCE or computed > PROCESSOR_SHARE * PATIENCE:
        alive, last = now, signs()
    silent = now - alive > PATIENCE
    if silent or fails_again_and_again.is_set():
        why = f"no sign of life for {PATIENCE:g} s" if silent else "it fails again and again"
        print(f"{why}: told to stop", file=sys.stderr, flush=True)
        told = now
        program.send_signal(signal.SIGINT)
# What it started may hold its standard error open for longer than it lives.
words.join(1)
sys.exit(1 if told is not None else code if code >= 0 else 128 - code)
