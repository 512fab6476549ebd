/** The TLS client: as the TCP client, with encryption. */
import type { MakeClient } from "../client.ts";
import { makeStreamClient } from "../stream-clients.ts";

/** Makes the client of the mode. */
export const makeClient: MakeClient = (settings) => makeStreamClient(settings, { name: "TLS", tls: settings.tls });
