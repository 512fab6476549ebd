/** The clients for streams of octets: TCP, and TLS. */
import type { Client, ClientSettings } from "./client.ts";
import { SerialClient } from "./serial/client.ts";
import { type PlainStream, PlainStreamConnection } from "./serial/plain-stream.ts";
import { LengthFraming } from "./stamp/framing.ts";
import { StreamClient } from "./stamp/stream-client.ts";

/** Makes the client of the mode. */
export function makeStreamClient(settings: ClientSettings, stream: PlainStream): Client {
  if (settings.mode === "plain") {
    return new SerialClient(settings, (events) => new PlainStreamConnection(settings, stream, events));
  }
  const makeFraming = (packet: Buffer, frames: number) => new LengthFraming(packet, frames);
  return new StreamClient(settings, { tls: stream.tls, makeFraming });
}
