/** The start of an HTTP/2 connection (RFC 9113 section 3.4): both ends send their settings first. */
import type { Prologue } from "../socket-owner.ts";
import { openingError } from "../tls-errors.ts";
import { FIRST_WINDOW, FLAG, frame, HEADER, SETTING, settings, TYPE, uint32 } from "./frames.ts";

/** The windows for responses, octets: large enough that flow control never delays one. */
export const WINDOW = 2 ** 31 - 1;

const REQUEST = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  frame(
    TYPE.settings,
    0,
    0,
    settings([
      [SETTING.tableSize, 0],
      [SETTING.push, 0],
      [SETTING.window, WINDOW],
    ]),
  ),
  frame(TYPE.window, 0, 0, uint32(WINDOW - FIRST_WINDOW)),
]);

/** Sends the client's part, and waits until the target's begins. */
export class Preface implements Prologue {
  readonly request = REQUEST;
  /** What the target sent until its part was recognised: the connection reads the frames in it. */
  received = Buffer.alloc(0);

  read(chunk: Buffer): number | undefined {
    this.received = Buffer.concat([this.received, chunk]);
    if (this.received.length < HEADER) return undefined;
    const isSettings = this.received[3] === TYPE.settings && ((this.received[4] ?? 0) & FLAG.ack) === 0;
    if (!isSettings) throw openingError("the target does not begin as HTTP/2 does", "not-http2");
    return chunk.length;
  }
}
