/** The HTTP client: one prepared request at a time on each connection. */
import type { MakeClient } from "../client.ts";
import { HttpConnection } from "../http/connection.ts";
import { requestBytes, requestFor } from "../http/request.ts";
import { SerialClient } from "../serial/client.ts";

/** Makes the client. Without keep-alive the service time of a packet includes opening its connection. */
export const makeClient: MakeClient = (settings) => {
  const request = requestFor(settings.endpoint, settings.size, settings.http);
  const bytes = { ofRun: requestBytes(request, settings.httpSession), ofWarmUp: requestBytes(request) };
  return new SerialClient(settings, (events) => new HttpConnection(settings, request, bytes, events), {
    timeConnecting: !request.keepAlive,
  });
};
