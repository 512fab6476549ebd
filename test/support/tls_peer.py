"""A TLS client on OpenSSL whose records and TCP segments are under control.

Usage: tls_peer.py PORT VERSION:END... Each argument is a connection that sends `Hello TLS 7` and then, as END says, a close_notify
alert (`notify`), one and a FIN (`both`), a FIN without one (`fin`), a record that cannot be decrypted after the answer
(`garbage`) or nothing (`none`). Prints a line for each: the octets that were received, and the end of the connection:
`close_notify` and `FIN`, `FIN` alone, `RST`, or an alert.
"""
import socket
import ssl
import sys


def connect(port, version, end):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    stream = socket.create_connection(("127.0.0.1", port))
    stream.settimeout(20)

    def repeat(call):
        """Calls until the call has what it needs of the connection."""
        while True:
            try:
                return call()
            except ssl.SSLWantReadError:
                flush()
                octets = stream.recv(65536)
                incoming.write(octets)
                if not octets:
                    incoming.write_eof()

    def flush():
        octets = outgoing.read()
        if octets:
            stream.sendall(octets)

    repeat(tls.do_handshake)
    tls.write(b"Hello TLS 7")
    if end in ("notify", "both"):
        try:
            tls.unwrap()
        except ssl.SSLWantReadError:
            pass
    flush()
    if end in ("both", "fin"):
        stream.shutdown(socket.SHUT_WR)
    answer = b""
    if end == "garbage":
        answer += repeat(lambda: tls.read(65536))
        stream.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)
    try:
        while True:
            octets = repeat(lambda: tls.read(65536))
            if not octets:
                break  # a close_notify
            answer += octets
    except ssl.SSLZeroReturnError:
        pass
    except ssl.SSLEOFError:
        return answer, "FIN"
    except ConnectionResetError:
        return answer, "RST"
    except ssl.SSLError as error:
        return answer, error.reason
    if end == "none":
        return answer, "close_notify"
    try:
        while stream.recv(65536):
            pass
        return answer, "close_notify FIN"
    except ConnectionResetError:
        return answer, "close_notify RST"


for argument in sys.argv[2:]:
    received, ended = connect(int(sys.argv[1]), *argument.split(":"))
    print(received.decode(), ended)
