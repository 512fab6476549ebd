/** The control frames of a client between its packets. */
import { expect, test } from "bun:test";
import { ControlFrames } from "../../../../src/load/send/websocket/control-frames.ts";
import { WebSocketFraming } from "../../../../src/load/send/websocket/framing.ts";
import { MaskingKeys } from "../../../../src/load/send/websocket/masking.ts";
import { OPCODE } from "../../../../src/load/send/websocket/opcodes.ts";
import { CLOSE, closeOf, PING } from "../../../support/websocket-frames.ts";

/** A kernel that accepts at most `room` octets in a call, and the unmasked frames in them. */
function kernel() {
  const state = { room: Number.POSITIVE_INFINITY };
  let octets = Buffer.alloc(0);
  const write = (bytes: Buffer, at: number, length: number) => {
    const accepted = Math.min(length, state.room);
    octets = Buffer.concat([octets, bytes.subarray(at, at + accepted)]);
    return accepted;
  };
  /** Each frame as its opcode and its payload in hex. */
  const frames = () => {
    const found: string[] = [];
    for (let at = 0; at < octets.length; ) {
      const length = (octets[at + 1] ?? 0) & 127;
      const key = octets.subarray(at + 2, at + 6);
      const payload = octets.subarray(at + 6, at + 6 + length).map((octet, i) => octet ^ (key[i % 4] ?? 0));
      found.push(`${(octets[at] ?? 0) & 15} ${Buffer.from(payload).toString("latin1")}`);
      at += 6 + length;
    }
    return found;
  };
  return { state, write, frames };
}

test("a close frame is answered with its status code alone, and no ping after it", () => {
  const { write, frames } = kernel();
  const control = new ControlFrames(new MaskingKeys());
  control.answer(CLOSE, closeOf(1001, "going away"));
  control.answer(PING, Buffer.from("x"));
  control.close();
  control.drain(write);
  control.close();
  control.drain(write);
  expect(frames()).toEqual([`${OPCODE.close} \x03\xe9`]);
});

test("of several pings the last is answered, after the one of which a part is sent", () => {
  const { state, write, frames } = kernel();
  const control = new ControlFrames(new MaskingKeys());
  control.answer(PING, Buffer.from("first"));
  state.room = 3;
  control.drain(write);
  expect(control.isPartial).toBe(true);
  control.answer(PING, Buffer.from("second"));
  control.answer(PING, Buffer.from("third"));
  state.room = 100;
  control.drain(write);
  expect([control.isPartial, frames()]).toEqual([false, [`${OPCODE.pong} first`, `${OPCODE.pong} third`]]);
});

test("a ping is answered between two packets, however few octets the kernel accepts", () => {
  const { state, write, frames } = kernel();
  const framing = new WebSocketFraming(Buffer.alloc(44, "p"), 4);
  const drain = () => framing.drain(write);
  state.room = 3;
  const sendPacket = () => {
    const at = framing.writer.claim();
    framing.writer.bytes.fill("p", at, at + 44);
    framing.seal(1);
    drain();
  };
  const ping = () => framing.read(Buffer.from("\x89\x04ping", "latin1"), () => expect.unreachable());
  framing.start(write);
  sendPacket();
  ping(); // a part of the packet is sent
  while (framing.writer.length > 0) drain();
  sendPacket(); // a part of the answer is sent
  for (let turn = 0; turn < 20; turn++) drain();
  const packet = `${OPCODE.binary} ${"p".repeat(44)}`;
  expect(frames()).toEqual([packet, `${OPCODE.pong} ping`, packet]);
});
