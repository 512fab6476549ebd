"""An echo server of Python, on a free port of the loopback interface, which it prints.
Usage: echo_server.py tls|websocket [CERT KEY]"""
import asyncio
import ssl
import sys


async def echo_stream(reader, writer):
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()
    writer.close()


async def echo_messages(connection):
    async for message in connection:
        await connection.send(message)


async def main(kind, files):
    context = None
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
    if kind == "tls":
        server = await asyncio.start_server(echo_stream, "127.0.0.1", 0, ssl=context)
    else:
        from websockets.asyncio.server import serve

        server = await serve(echo_messages, "127.0.0.1", 0, ssl=context)
    print(next(iter(server.sockets)).getsockname()[1], flush=True)
    await asyncio.Future()


asyncio.run(main(sys.argv[1], sys.argv[2:]))
