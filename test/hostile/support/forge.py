"""Sends UDP datagrams with forged sources over IPv4. Needs root.

Reads a line for each: SOURCE SOURCE_PORT DESTINATION PORT HEX. Prints a line after each was sent.
"""
import socket
import struct
import sys

with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
    for line in sys.stdin:
        source, source_port, destination, port, *octets = line.split()
        payload = bytes.fromhex("".join(octets))
        ports = struct.pack("!HHHH", int(source_port), int(port), 8 + len(payload), 0)  # without a checksum
        addresses = socket.inet_aton(source) + socket.inet_aton(destination)
        # The kernel fills in the checksum of the IP header, and its identification.
        header = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(payload), 0, 0, 64, socket.IPPROTO_UDP, 0) + addresses
        raw.sendto(header + ports + payload, (destination, 0))
        print("sent", flush=True)
