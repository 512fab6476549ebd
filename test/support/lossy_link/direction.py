"""One direction of the link: its faults, the packets in flight, and the account of what happened to each packet."""

import dataclasses
import heapq
import os
import random
import time

PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp"}
UDP, UDP_HEADER_LENGTH = 17, 8
READ_BATCH = 64
LOGGED_OCTETS = 48  # of a UDP payload: the fields of a STAMP packet
MAX_PACKET_LENGTH = 65_536


@dataclasses.dataclass(frozen=True)
class Faults:
    """The faults of one direction. Times are in milliseconds; everything else is a probability."""

    loss: float
    burst: tuple[float, float]
    delay_ms: float
    jitter_ms: float
    reorder: float
    reorder_ms: float
    duplicate: float
    corrupt: float
    keep_order: bool


@dataclasses.dataclass
class Counts:
    """What happened to the packets of one protocol: sent - lost + duplicated = delivered + undelivered."""

    sent: int = 0
    lost: int = 0
    duplicated: int = 0
    corrupted: int = 0
    reordered: int = 0
    delivered: int = 0
    undelivered: int = 0


def corrupt_udp(packet: bytes, chance: random.Random) -> bytes:
    """Inverts one bit of a UDP payload and clears the checksum, so that the receiving kernel accepts the datagram."""
    header = (packet[0] & 0x0F) * 4
    payload = header + UDP_HEADER_LENGTH
    if packet[9] != UDP or len(packet) <= payload:
        return packet
    octets = bytearray(packet)
    octets[header + 6 : payload] = b"\0\0"
    octets[chance.randrange(payload, len(octets))] ^= 1 << chance.randrange(8)
    return bytes(octets)


def log_entry(packet: bytes, now: float) -> dict:
    """Returns what the log has of a UDP packet: times in seconds, ports, and the first octets of the payload."""
    header = (packet[0] & 0x0F) * 4
    payload = header + UDP_HEADER_LENGTH
    return {
        "at": now,
        "from": int.from_bytes(packet[header : header + 2], "big"),
        "to": int.from_bytes(packet[header + 2 : header + 4], "big"),
        "octets": packet[payload : payload + LOGGED_OCTETS].hex(),
        "delivered": [],
    }


class Direction:
    """Reads packets from `source`, applies the faults, and writes the packets to `sink` when they are due."""

    def __init__(self, source: int, sink: int, faults: Faults, seed: int, keeps_log: bool = False):
        self.source, self.sink, self.faults = source, sink, faults
        self.chance = random.Random(seed)
        self.bad = False
        self.serial = 0
        self.latest_release = 0.0
        self.in_flight: list[tuple[float, int, int, str, bytes]] = []  # release time, serial, copy, protocol, packet
        self.counts: dict[str, Counts] = {}
        self.latest_delivered: dict[str, int] = {}
        self.keeps_log = keeps_log
        self.log: dict[int, dict] = {}  # by serial

    def receive(self) -> None:
        """Reads the packets that wait at the source, a bounded number at a time."""
        for _ in range(READ_BATCH):
            try:
                packet = os.read(self.source, MAX_PACKET_LENGTH)
            except BlockingIOError:
                return
            if packet[0] >> 4 == 4:
                self.admit(packet, time.monotonic())

    def admit(self, packet: bytes, now: float) -> None:
        """Loses a packet, or schedules the delivery of the packet and its copy."""
        protocol = PROTOCOLS.get(packet[9], "other")
        counts = self.counts.setdefault(protocol, Counts())
        counts.sent += 1
        self.serial += 1
        if self.keeps_log and packet[9] == UDP:
            self.log[self.serial] = log_entry(packet, now)
        if self.loses():
            counts.lost += 1
            return
        if self.happens(self.faults.corrupt):
            intact, packet = packet, corrupt_udp(packet, self.chance)
            counts.corrupted += packet != intact
        copies = 2 if self.happens(self.faults.duplicate) else 1
        counts.duplicated += copies - 1
        for copy, release_at in enumerate(sorted(self.release_time(now) for _ in range(copies))):
            heapq.heappush(self.in_flight, (release_at, self.serial, copy, protocol, packet))

    def happens(self, probability: float) -> bool:
        """Draws one random number."""
        return self.chance.random() < probability

    def loses(self) -> bool:
        """Moves the Gilbert-Elliott model by one packet; returns whether the packet is lost."""
        good_to_bad, bad_to_good = self.faults.burst
        self.bad = not self.happens(bad_to_good) if self.bad else self.happens(good_to_bad)
        return self.bad or self.happens(self.faults.loss)

    def release_time(self, now: float) -> float:
        """Returns the time at which to deliver a packet that arrived now."""
        delay_ms = self.faults.delay_ms + self.chance.uniform(-1, 1) * self.faults.jitter_ms
        if self.happens(self.faults.reorder):
            delay_ms += self.faults.reorder_ms
        release_at = now + max(0.0, delay_ms) / 1e3
        if self.faults.keep_order:
            release_at = max(release_at, self.latest_release)
        self.latest_release = max(release_at, self.latest_release)
        return release_at

    def deliver(self) -> None:
        """Writes the packets that are due."""
        while self.in_flight and self.in_flight[0][0] <= time.monotonic():
            _, serial, copy, protocol, packet = heapq.heappop(self.in_flight)
            try:
                os.write(self.sink, packet)
            except OSError:
                self.counts[protocol].undelivered += 1
            else:
                self.count_delivery(protocol, serial, first=copy == 0)
                if serial in self.log:
                    self.log[serial]["delivered"].append(time.monotonic())

    def count_delivery(self, protocol: str, serial: int, first: bool) -> None:
        """Counts a delivered copy; a first copy after a packet that was sent later is reordered (RFC 4737)."""
        latest = self.latest_delivered.get(protocol, 0)
        self.counts[protocol].delivered += 1
        self.counts[protocol].reordered += first and serial < latest
        self.latest_delivered[protocol] = max(serial, latest)

    def seconds_to_release(self, limit: float) -> float:
        """Returns the time until the next delivery, at most `limit`."""
        return max(0.0, min(limit, self.in_flight[0][0] - time.monotonic())) if self.in_flight else limit

    def account(self) -> dict[str, dict[str, int]]:
        """Ends the direction and returns the counts by protocol; packets still in flight are undelivered."""
        for _, _, _, protocol, _ in self.in_flight:
            self.counts[protocol].undelivered += 1
        self.in_flight.clear()
        return {protocol: dataclasses.asdict(counts) for protocol, counts in self.counts.items()}
