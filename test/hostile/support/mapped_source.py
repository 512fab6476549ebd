"""Sends an IPv6 datagram whose source is an IPv4-mapped address: SOURCE DESTINATION SOURCE_PORT PORT TEXT. Needs root."""
import socket
import struct
import sys

UDP = 17


def checksum(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack("!%dH" % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


source, destination = (socket.inet_pton(socket.AF_INET6, address) for address in sys.argv[1:3])
source_port, port, text = int(sys.argv[3]), int(sys.argv[4]), sys.argv[5].encode()
ports = struct.pack("!HHH", source_port, port, 8 + len(text))
pseudo_header = source + destination + struct.pack("!I3xB", 8 + len(text), UDP)
datagram = ports + struct.pack("!H", checksum(pseudo_header + ports + b"\0\0" + text)) + text
header = struct.pack("!IHBB", 6 << 28, len(datagram), UDP, 64) + source + destination
with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
    raw.sendto(header + datagram, (sys.argv[2], 0))
