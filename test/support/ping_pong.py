"""A minimal UDP echo and client: `echo PORT`; `ping HOST PORT COUNT` prints the median round trip in seconds."""

import socket
import statistics
import sys
import time


def echo(port: int) -> None:
    """Sends every datagram back."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("0.0.0.0", port))
    while True:
        data, address = udp.recvfrom(2048)
        udp.sendto(data, address)


def ping(host: str, port: int, count: int) -> None:
    """Measures round trips one after the other."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.connect((host, port))
    udp.settimeout(1)
    round_trips = []
    for _ in range(count):
        sent_at = time.perf_counter()
        udp.send(b"x" * 64)
        udp.recv(2048)
        round_trips.append(time.perf_counter() - sent_at)
    print(statistics.median(round_trips))


if sys.argv[1] == "echo":
    echo(int(sys.argv[2]))
else:
    ping(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
