"""Datagrams that carry numbers: `send HOST PORT COUNT` sends 0 to COUNT - 1; `receive PORT` prints what arrives.

The receiver ends 0.3 s after the last datagram; it prints "received:" first.
"""

import socket
import sys
import time

INTERVAL_S = 0.0005
FIRST_TIMEOUT_S, NEXT_TIMEOUT_S = 10, 0.3


def send(host: str, port: int, count: int) -> None:
    """Sends the numbers, one every INTERVAL_S."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for number in range(count):
        udp.sendto(b"%d" % number, (host, port))
        time.sleep(INTERVAL_S)


def receive(port: int) -> None:
    """Prints the payload of each datagram on a line."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("0.0.0.0", port))
    udp.settimeout(FIRST_TIMEOUT_S)
    print("received:", flush=True)
    try:
        while True:
            print(udp.recv(64).decode("latin1"))
            udp.settimeout(NEXT_TIMEOUT_S)
    except TimeoutError:
        return


if sys.argv[1] == "send":
    send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    receive(int(sys.argv[2]))
