"""An independent STAMP session sender: scapy builds each test packet and reads each answer.

Usage: stamp_scapy.py udp|tcp HOST PORT COUNT SSID PADDING

Prints a JSON array with the fields of each answer, in order of arrival, and the length of the packet. Uses ordinary
sockets, so that it needs no privileges.
"""

import json
import socket
import struct
import sys
import time

from scapy.contrib.stamp import (
    ErrorEstimate,
    STAMPSessionReflectorTestUnauthenticated,
    STAMPSessionSenderTestUnauthenticated,
    STAMPTestTLV,
)

NTP_UNIX_SECONDS = 2208988800


def test_packet(sequence, ssid, padding):
    """Returns the octets of one test packet; the padding is an Extra Padding TLV (RFC 8972 section 4.1)."""
    fields = {
        "seq": sequence,
        "ts": time.time() + NTP_UNIX_SECONDS,
        "ssid": ssid,
        "err_estimate": ErrorEstimate(S=1, Z=0, scale=10, multiplier=100),
    }
    if padding:
        fields["tlv_objects"] = [STAMPTestTLV(flags=0x80, type=1, len=padding - 4, value=b"\xab" * (padding - 4))]
    return bytes(STAMPSessionSenderTestUnauthenticated(**fields))


def read_answer(octets):
    """Returns the fields of a reflector packet; times in seconds since 1900."""
    # scapy 2.5 reads the length of the TLVs from the enclosing layer; there is none here, so they are read separately
    answer = STAMPSessionReflectorTestUnauthenticated(octets[:44])
    tlvs = [STAMPTestTLV(octets[44:])] if len(octets) > 44 else []
    return {
        "length": len(octets),
        "sequence": answer.seq,
        "sentAt": float(answer.ts),
        "errorEstimate": [answer.err_estimate.S, answer.err_estimate.Z, answer.err_estimate.scale, answer.err_estimate.multiplier],
        "ssid": answer.ssid,
        "receivedAt": float(answer.ts_rx),
        "senderSequence": answer.seq_sender,
        "senderSentAt": float(answer.ts_sender),
        "senderErrorEstimate": [
            answer.err_estimate_sender.S,
            answer.err_estimate_sender.Z,
            answer.err_estimate_sender.scale,
            answer.err_estimate_sender.multiplier,
        ],
        "zero": [answer.mbz1, answer.mbz2],
        "senderTtl": answer.ttl_sender,
        "tlvs": [[tlv.type, tlv.len, bytes(tlv.value).hex()] for tlv in tlvs],
    }


def over_udp(host, port, packets):
    """Sends each packet after the answer to the previous one; yields the answers."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.settimeout(2)
        for packet in packets:
            peer.sendto(packet, (host, port))
            yield peer.recvfrom(65535)[0]


def over_tcp(host, port, packets):
    """The same over TCP: the preface, then frames of a 2-byte length and a packet."""
    with socket.create_connection((host, port), 2) as peer:
        stream = peer.makefile("rwb")
        stream.write(b"STAMP/1\n")
        for packet in packets:
            stream.write(struct.pack("!H", len(packet)) + packet)
            stream.flush()
            yield stream.read(struct.unpack("!H", stream.read(2))[0])


def main():
    """Runs the exchange with the given arguments."""
    transport, host, port, count, ssid, padding = sys.argv[1:]
    exchange = {"udp": over_udp, "tcp": over_tcp}[transport]
    packets = [test_packet(sequence, int(ssid), int(padding)) for sequence in range(int(count))]
    print(json.dumps([read_answer(octets) for octets in exchange(host, int(port), packets)]))


main()
