/** STAMP packets in WebSocket messages: each packet is a binary message. */
import type { OnFrame } from "../../../stamp/frames.ts";
import type { Framing, Write } from "../stamp/framing.ts";
import { ControlFrames } from "./control-frames.ts";
import { MaskedFrameWriter, MaskingKeys } from "./masking.ts";
import { MessageReader, NOT_WEBSOCKET } from "./message-reader.ts";

/** Delimits packets on a connection whose WebSocket handshake is done. */
export class WebSocketFraming implements Framing {
  readonly writer: MaskedFrameWriter;
  readonly #control: ControlFrames;
  readonly #reader: MessageReader;
  #write: Write = () => 0;

  constructor(packet: Buffer, frames: number) {
    const keys = new MaskingKeys();
    this.writer = new MaskedFrameWriter(packet, frames, keys);
    this.#control = new ControlFrames(keys);
    this.#reader = new MessageReader((opcode, payload) => {
      this.#control.answer(opcode, payload);
      this.drain(this.#write);
    });
  }

  get unfinished(): string | undefined {
    return this.#reader.unfinished ? NOT_WEBSOCKET : undefined;
  }

  start(write: Write): void {
    this.#write = write;
    this.#control.clear();
    this.#reader.clear();
  }

  seal(back: number): void {
    this.writer.seal(back);
  }

  drain(write: Write): void {
    if (this.#control.isPartial) this.#control.drain(write);
    if (this.#control.isPartial) return;
    this.writer.drain(write);
    if (this.writer.length === 0) this.#control.drain(write);
  }

  read(chunk: Buffer, onPacket: OnFrame): string | undefined {
    return this.#reader.read(chunk, onPacket);
  }

  end(write: Write): void {
    this.#control.close();
    this.drain(write);
  }
}
