"""The plainest round trip there is: `echo PORT` sends back what it gets, `ping HOST PORT COUNT` prints the median in s."""
import socket
import sys
import time

udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if sys.argv[1] == "echo":
    udp.bind(("0.0.0.0", int(sys.argv[2])))
    while True:
        data, address = udp.recvfrom(2048)
        udp.sendto(data, address)
udp.connect((sys.argv[2], int(sys.argv[3])))
udp.settimeout(1)
trips = []
for _ in range(int(sys.argv[4])):
    started = time.perf_counter()
    udp.send(b"x" * 64)
    udp.recv(2048)
    trips.append(time.perf_counter() - started)
print(sorted(trips)[len(trips) // 2])
