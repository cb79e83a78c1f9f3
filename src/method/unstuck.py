"""Runs a program and sees that it moves. Usage: unstuck.py SECONDS PROGRAM [ARGUMENT ...]

When neither it nor what it started has read, written or computed anything for so long, it is told to stop as by Ctrl-C, so that it says
why; what doesn't listen is killed. The exit code is the program's own, or 128 and the number of the signal that ended it.
"""
import os, signal, subprocess, sys, time

PATIENCE, LAST_WORDS = float(sys.argv[1]), 10
# What ssh says to keep a connection open, and what a program does that waits, are no signs of life.
BYTES_A_SECOND, PROCESSOR_SHARE = 100, 0.01
TICKS = os.sysconf("SC_CLK_TCK")


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


program = subprocess.Popen(sys.argv[2:])
for passed_on in (signal.SIGINT, signal.SIGTERM):
    signal.signal(passed_on, lambda number, _: program.send_signal(number))
told, alive, last = False, time.monotonic(), signs()
while True:
    try:
        code = program.wait(min(1, PATIENCE / 4))
        break
    except subprocess.TimeoutExpired:
        moved, computed = (abs(now - then) for now, then in zip(signs(), last))
    still = time.monotonic() - alive
    if told and still > PATIENCE + LAST_WORDS:
        program.kill()
    elif not told and (moved > BYTES_A_SECOND * PATIENCE or computed > PROCESSOR_SHARE * PATIENCE):
        alive, last = time.monotonic(), signs()
    elif not told and still > PATIENCE:
        print(f"no sign of life for {PATIENCE:g} s: told to stop", file=sys.stderr, flush=True)
        told = True
        program.send_signal(signal.SIGINT)
sys.exit(code if code >= 0 else 128 - code)
