# Measures which datagrams arrive from the other nodes, each way separately, and how long an answer takes.
# Arguments: the number of datagrams to each peer, their payload in bytes, the seconds to send and listen, the peers' addresses.
# Prints "ready", waits for a line, sends and listens, prints JSON by peer: how many of its datagrams arrived here, the bytes a second
# in which they arrived, and the median round trip in milliseconds (null if no answer came).
import contextlib
import json
import socket
import statistics
import sys
import time

PORT = 47947

count, size, duration = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
peers = sys.argv[4:]
received = {peer: [] for peer in peers}
trips = {peer: [] for peer in peers}

endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
endpoint.bind(("0.0.0.0", PORT))
print("ready", flush=True)
sys.stdin.readline()

start = time.monotonic()
sent = 0
while time.monotonic() < start + duration:
    # All are sent in the first half, evenly; the second half is for those that are late.
    while sent < count and time.monotonic() >= start + sent * duration / 2 / count:
        for peer in peers:
            header = f"ping {time.monotonic_ns()} ".encode()
            with contextlib.suppress(OSError):  # the firewall of this node refuses what it drops
                endpoint.sendto(header.ljust(size, b"."), (peer, PORT))
        sent += 1
    endpoint.settimeout(max(0.0001, min(0.005, duration / 2 / count)))
    try:
        data, (sender, _) = endpoint.recvfrom(65536)
    except (TimeoutError, OSError):
        continue
    if sender not in received:
        continue
    kind, stamp = data.split()[:2]
    if kind == b"ping":
        received[sender].append((time.monotonic(), len(data)))
        with contextlib.suppress(OSError):
            endpoint.sendto(b"pong " + stamp, (sender, PORT))
    else:
        trips[sender].append((time.monotonic_ns() - int(stamp)) / 1e6)


def rate(arrivals):
    """Return the bytes a second between the first and the last arrival."""
    if len(arrivals) < 2 or arrivals[-1][0] == arrivals[0][0]:
        return None
    return sum(size for _, size in arrivals[1:]) / (arrivals[-1][0] - arrivals[0][0])


print(
    json.dumps(
        {
            peer: {
                "arrived": len(received[peer]),
                "bytesPerSecond": rate(received[peer]),
                "roundTrip": statistics.median(trips[peer]) if trips[peer] else None,
            }
            for peer in peers
        }
    )
)
