"""Echoes COUNT datagrams on a free port of the loopback interface, and prints when the kernel received each of them.

Prints the port first. After the last datagram, or 2 s without one, it prints a line for each: the kernel's receive time
and octets 4 to 11 as an NTP timestamp, the send time of a STAMP packet; both in s from the start of the hour.
"""

import socket
import struct
import sys

SO_TIMESTAMPNS = 35
NTP_UNIX_SECONDS = 2_208_988_800
FIRST_TIMEOUT_S, NEXT_TIMEOUT_S = 20, 2


def receive(udp: socket.socket, count: int) -> list[tuple[float, float]]:
    """The receive and send times of up to `count` datagrams."""
    times: list[tuple[float, float]] = []
    try:
        while len(times) < count:
            data, control, _flags, peer = udp.recvmsg(2048, 256)
            udp.sendto(data, peer)
            seconds, nanoseconds = struct.unpack("qq", control[0][2])
            sent_seconds, fraction = struct.unpack(">II", data[4:12])
            sent = (sent_seconds - NTP_UNIX_SECONDS) % 3600 + fraction / 2**32
            times.append((seconds % 3600 + nanoseconds / 1e9, sent))
            udp.settimeout(NEXT_TIMEOUT_S)
    except TimeoutError:
        pass
    return times


udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
udp.bind(("127.0.0.1", 0))
udp.settimeout(FIRST_TIMEOUT_S)
print(udp.getsockname()[1], flush=True)
for received_at, sent_at in receive(udp, int(sys.argv[1])):
    print(f"{received_at:.9f} {sent_at:.9f}")
