/** The HTTP/3 listener: HTTP/3 over QUIC (RFC 9114). */
import { serveHttp } from "./http/server.ts";
import type { Listen, ListenerContext } from "./listener.ts";

/** Listens for requests and passes those to a traffic route to the responder. */
export const listen: Listen = async (context) => {
  try {
    return await serveHttp(context, "http3", { http1: false, http2: false, http3: true });
  } catch (error) {
    throw (await bindError(context)) ?? error;
  }
};

/** The system's error for the port, which the runtime does not report for QUIC; undefined if it can be bound. */
async function bindError({ hostname, port }: ListenerContext): Promise<unknown> {
  try {
    (await Bun.udpSocket({ hostname, port })).close();
    return undefined;
  } catch (error) {
    return error;
  }
}
