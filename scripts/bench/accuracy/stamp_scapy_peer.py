"""A STAMP reflector and a STAMP sender made of scapy's packets, for the accuracy table.

Usage: stamp_scapy_peer.py reflect PORT stateful|stateless
       stamp_scapy_peer.py send HOST PORT COUNT INTERVAL_MS SSID

The reflector answers until it is killed. The sender sends at fixed intervals, whether or not answers arrive, waits for
the last ones, and prints a line of JSON: packets sent, packets answered, and further answers to the same packets.
"""

import json
import socket
import sys
import time

from scapy.contrib.stamp import (
    ErrorEstimate,
    STAMPSessionReflectorTestUnauthenticated,
    STAMPSessionSenderTestUnauthenticated,
)

NTP_UNIX_SECONDS = 2208988800
STAMP_LENGTH = 44
LAST_ANSWER_S = 4


def ntp_now():
    """Returns the time in seconds since 1900."""
    return time.time() + NTP_UNIX_SECONDS


def reflect(port, mode):
    """Answers test packets; in stateful mode with numbers of its own for each address, port and session id."""
    answered = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("0.0.0.0", int(port)))
        while True:
            octets, source = peer.recvfrom(65535)
            received_at = ntp_now()
            test = STAMPSessionSenderTestUnauthenticated(octets[:STAMP_LENGTH])
            session = (source, test.ssid)
            number = answered.get(session, 0)
            answered[session] = number + 1
            answer = STAMPSessionReflectorTestUnauthenticated(
                seq=number if mode == "stateful" else test.seq,
                ts=ntp_now(),
                err_estimate=ErrorEstimate(S=0, Z=0, scale=22, multiplier=1),
                ssid=test.ssid,
                ts_rx=received_at,
                seq_sender=test.seq,
                ts_sender=test.ts,
                err_estimate_sender=test.err_estimate,
                ttl_sender=64,
            )
            # scapy rounds the sender's timestamp, which a reflector has to return as it came
            reply = bytearray(bytes(answer)[:STAMP_LENGTH])
            reply[28:36] = octets[4:12]
            peer.sendto(bytes(reply) + octets[STAMP_LENGTH:], source)


def send(host, port, count, interval_ms, ssid):
    """Sends the packets and counts the answers by the sender's sequence number."""
    answers = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.connect((host, int(port)))
        started_at = time.monotonic()
        sent = 0
        while sent < int(count) or time.monotonic() < last_sent_at + LAST_ANSWER_S:
            due_at = started_at + sent * float(interval_ms) / 1000
            if sent < int(count) and time.monotonic() >= due_at:
                estimate = ErrorEstimate(S=0, Z=0, scale=22, multiplier=1)
                peer.send(
                    bytes(STAMPSessionSenderTestUnauthenticated(seq=sent, ts=ntp_now(), err_estimate=estimate, ssid=int(ssid)))
                )
                sent += 1
                last_sent_at = time.monotonic()
                continue
            peer.settimeout(max(0.001, min(0.1, due_at - time.monotonic())) if sent < int(count) else 0.1)
            try:
                octets = peer.recv(65535)
            except TimeoutError:
                continue
            number = STAMPSessionReflectorTestUnauthenticated(octets[:STAMP_LENGTH]).seq_sender
            answers[number] = answers.get(number, 0) + 1
    print(json.dumps({"sent": sent, "answered": len(answers), "duplicate": sum(answers.values()) - len(answers)}))


{"reflect": reflect, "send": send}[sys.argv[1]](*sys.argv[2:])
