/** The HTTPS listener: HTTP/1.1 over TLS. */
import { serveHttp } from "./http/server.ts";
import type { Listen } from "./listener.ts";

/** Listens for requests and passes those to a traffic route to the responder. */
export const listen: Listen = (context) => serveHttp(context, "https", { http1: true, http2: false, http3: false });
