# Counts the threads that the kernel scheduled within a second, without those of this program. Prints JSON.
import glob
import json
import os
import time


def switches():
    """Return the number of context switches of each thread, by its path."""
    counts = {}
    for path in glob.glob("/proc/[0-9]*/task/[0-9]*/status"):
        if path.split("/")[2] == str(os.getpid()):
            continue
        try:
            with open(path) as status:
                counts[path] = sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)
        except (FileNotFoundError, ProcessLookupError):
            pass  # it ended in between
    return counts


before = switches()
time.sleep(1)
after = switches()
running = [path for path in after if after[path] != before.get(path)]
print(json.dumps({"running": len(running), "all": len(after)}))
