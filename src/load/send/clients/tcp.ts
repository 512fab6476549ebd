/** The TCP client: STAMP frames, with many packets in flight on each connection, or plain text. */
import type { MakeClient } from "../client.ts";
import { makeStreamClient } from "../stream-clients.ts";

/** Makes the client of the mode. */
export const makeClient: MakeClient = (settings) => makeStreamClient(settings, { name: "TCP" });
