"""Two messages over Python's `websockets`: prints the answers. Usage: websocket_client.py URL [CA] HEX."""
import ssl
import sys

from websockets.sync.client import connect

url, packet = sys.argv[1], bytes.fromhex(sys.argv[-1])
options = {"ssl": ssl.create_default_context(cafile=sys.argv[2])} if len(sys.argv) > 3 else {}
with connect(url, origin="http://other.example", proxy=None, **options) as client:
    client.send("Hello WS 7")
    print(client.recv())
    client.send(packet)
    print(client.recv().hex())
    client.ping().wait(5)
    print("pong")
