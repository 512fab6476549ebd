/** The HTTP/3 client: prepared requests in the streams of QUIC connections. */
import type { Client, ClientSettings } from "../client.ts";
import { requestFor } from "../http/request.ts";
import { Http3Connection, preparedRequest } from "../http3/connection.ts";
import { loadQuic } from "../http3/quic.ts";
import { StreamsClient } from "../streams/client.ts";

/** Makes the client. Without keep-alive each connection has one request, and its service time includes the opening. */
export async function makeClient(settings: ClientSettings): Promise<Client> {
  const connect = await loadQuic();
  const request = requestFor(settings.endpoint, settings.size, settings.http);
  const prepared = preparedRequest(request, settings.httpSession);
  const streams = request.keepAlive ? settings.streams : 1;
  return new StreamsClient(settings, {
    makeConnection: (_lane, events) => new Http3Connection({ settings, connect, prepared, streams }, events),
    streams,
    timeConnecting: !request.keepAlive,
  });
}
