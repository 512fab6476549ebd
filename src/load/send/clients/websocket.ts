/** The WebSocket client: a STAMP packet in each binary message, with many in flight on each connection, or plain text. */
import { formatHostPort } from "../../../base/address.ts";
import type { ClientSettings, MakeClient } from "../client.ts";
import { SerialClient } from "../serial/client.ts";
import { PlainWebSocket } from "../serial/plain-websocket.ts";
import { StreamClient } from "../stamp/stream-client.ts";
import { WebSocketFraming } from "../websocket/framing.ts";
import { WebSocketHandshake } from "../websocket/handshake.ts";

/** How the connections are opened: with TLS if the URL's scheme is `wss`. */
function openingOf(settings: ClientSettings) {
  const { endpoint, http } = settings;
  const url = endpoint.url ?? new URL(`ws://${formatHostPort(endpoint.address, endpoint.port)}/`);
  return {
    tls: url.protocol === "wss:" ? settings.tls : undefined,
    makePrologue: () => new WebSocketHandshake(url, http.headers),
  };
}

/** Makes the client of the mode. */
export const makeClient: MakeClient = (settings) => {
  const opening = openingOf(settings);
  if (settings.mode === "plain") {
    return new SerialClient(settings, (events) => new PlainWebSocket(settings, opening, events));
  }
  const makeFraming = (packet: Buffer, frames: number) => new WebSocketFraming(packet, frames);
  return new StreamClient(settings, { ...opening, makeFraming });
};
