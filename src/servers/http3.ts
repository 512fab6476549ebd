/** The HTTP/3 listener: HTTP/3 over QUIC (RFC 9114). */
import { serveHttp } from "./http-server.ts";
import type { Listen } from "./listener.ts";

/** Listens for requests and passes those to a traffic route to the responder. */
export const listen: Listen = (context) => serveHttp(context, "http3", { http1: false, http2: false, http3: true });
