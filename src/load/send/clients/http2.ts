/** The HTTP/2 client: prepared requests in the streams of TLS connections. */
import type { MakeClient } from "../client.ts";
import { requestFor } from "../http/request.ts";
import { Http2Connection } from "../http2/connection.ts";
import { type PreparedRequest, requestHead } from "../http2/request.ts";
import type { TlsSession } from "../opening.ts";
import { StreamsClient } from "../streams/client.ts";

/** Makes the client. Without keep-alive each connection has one request, and its service time includes the opening. */
export const makeClient: MakeClient = (settings) => {
  const request = requestFor(settings.endpoint, settings.size, settings.http);
  const { keepAlive } = request;
  const prepared: PreparedRequest = {
    request,
    ofRun: requestHead(request, settings.httpSession),
    ofWarmUp: requestHead(request),
  };
  const streams = keepAlive ? settings.streams : 1;
  // By lane: each connection offers to resume the TLS session of the one before it in its place.
  const sessions = new Map<number, TlsSession>();
  return new StreamsClient(settings, {
    makeConnection(lane, events) {
      const session = sessions.get(lane) ?? { ticket: undefined };
      sessions.set(lane, session);
      return new Http2Connection({ settings, prepared, streams, session }, events);
    },
    streams,
    timeConnecting: !keepAlive,
  });
};
