/** The TCP listener. */
import type { Listen } from "./listener.ts";
import { serveStreams } from "./streams/server.ts";

/** Listens for connections and passes each packet to the responder. */
export const listen: Listen = (context) => serveStreams(context, "tcp");
