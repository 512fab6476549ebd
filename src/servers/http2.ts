/** The HTTP/2 listener: HTTP/2 over TLS (RFC 9113). */
import { serveHttp } from "./http/server.ts";
import type { Listen } from "./listener.ts";

/** Listens for requests and passes those to a traffic route to the responder. */
export const listen: Listen = (context) => serveHttp(context, "http2", { http1: false, http2: true, http3: false });
