"""Uses the package toxiproxy-python with the server on the given port, and an echo server behind a proxy."""

import json
import socket
import sys
import time

from toxiproxy import Toxiproxy
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

server_port, echo_port = int(sys.argv[1]), int(sys.argv[2])
result = {}


def name_of(run, *expected):
    try:
        run()
        return "no error"
    except expected as error:
        return type(error).__name__


def round_trip(address):
    host, port = address.rsplit(":", 1)
    started = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(b"ping")
        answer = client.recv(4)
    return answer.decode(), (time.monotonic() - started) * 1000


server = Toxiproxy()
server.update_api_consumer("127.0.0.1", server_port)
result["running"] = server.running()
result["version"] = json.loads(server.version())["version"]
proxy = server.create(upstream=f"127.0.0.1:{echo_port}", name="python")
result["enabled"] = proxy.enabled
result["again"] = name_of(lambda: server.create(upstream="127.0.0.1:1", name="python"), ProxyExists)
proxy.add_toxic(type="latency", attributes={"latency": 300})
result["toxics"] = {name: toxic.attributes for name, toxic in proxy.toxics().items()}
result["answer"], result["slow_ms"] = round_trip(proxy.listen)
result["invalid"] = name_of(lambda: proxy.add_toxic(type="nothing"), InvalidToxic)
result["absent"] = name_of(lambda: proxy.destroy_toxic("nothing"), NotFound)
proxy.destroy_toxic("latency_downstream")
_, result["fast_ms"] = round_trip(proxy.listen)
with proxy.down():
    result["down"] = name_of(lambda: round_trip(proxy.listen), ConnectionRefusedError)
result["up"], _ = round_trip(proxy.listen)
populated = server.populate([{"name": "other", "upstream": "127.0.0.1:1", "listen": "127.0.0.1:0"}])
result["populated"] = [proxy.name for proxy in populated]
result["reset"] = server.reset()
server.destroy_all()
result["left"] = list(server.proxies())
print(json.dumps(result))
