import { expect, test } from "bun:test";
import { LabIdentity } from "../../../../src/load/measure/directions/lab-identity.ts";
import { errorCode } from "../../../../src/load/measure/error-code.ts";
import { Recorder } from "../../../../src/load/measure/recorder.ts";
import { SenderSession } from "../../../../src/load/send/stamp/session.ts";
import { UdpSocket } from "../../../../src/load/send/stamp/udp-socket.ts";
import { sequenceOf } from "../../../../src/stamp/packet.ts";

/** A socket whose kernel is `kernel`: called with a packet's number from 0, it returns an error's code to refuse it. */
function openSocket(kernel: (sequence: number) => string | undefined) {
  const clock = { time: 1000, now: () => clock.time, wallAt: (now: number) => now };
  const recorder = new Recorder();
  recorder.handOver.start();
  const identity = new LabIdentity();
  identity.decide(true);
  const settings = { clock, size: 64, timeoutMs: 100, waitMs: 200, highestRate: 100, ssid: 1, identity, seed: 1 };
  const socket = new UdpSocket(new SenderSession({ ...settings, recorder }), (error) =>
    recorder.countError(errorCode(error)),
  );
  const accepted: number[] = [];
  const sendMany = (packets: readonly Buffer[]) => {
    for (const [index, packet] of packets.entries()) {
      const number = sequenceOf(packet) - 1; // the first packet has sequence number 1
      const code = kernel(number);
      // Like sendmmsg(2): an error is returned only if the first packet has it.
      if (code !== undefined && (index > 0 || code === "EAGAIN")) return index;
      if (code !== undefined) throw Object.assign(new Error(code), { code });
      accepted.push(number);
    }
    return packets.length;
  };
  socket.socket = { sendMany } as unknown as Bun.udp.ConnectedSocket<"buffer">; // the only method that is called
  const send = (count: number) => {
    for (let packet = 0; packet < count; packet++) socket.add(1000, 1000);
    socket.flush();
  };
  return { socket, recorder, accepted, send, clock };
}

test("a refused packet is not sent, and does not hold back those after it", () => {
  const { recorder, accepted, send } = openSocket((sequence) => ([0, 3, 4].includes(sequence) ? "EPERM" : undefined));
  send(6);
  expect(accepted).toEqual([1, 2, 5]);
  expect(recorder).toMatchObject({ pending: 3, counts: { sent: 3, refused: 3, lost: 0, bytesSent: 3 * 64 } });
  expect(recorder.scheduleError.count).toBe(3);
  expect([...recorder.errors]).toEqual([["EPERM", 3]]);
});

test("the ICMP error of an earlier packet refuses none", () => {
  let pending = true;
  const { recorder, accepted, send } = openSocket((sequence) => {
    const isError = pending && sequence === 0;
    if (isError) pending = false;
    return isError ? "EHOSTUNREACH" : undefined;
  });
  send(3);
  expect(accepted).toEqual([0, 1, 2]);
  expect(recorder.counts).toMatchObject({ sent: 3, refused: 0 });
  expect([...recorder.errors]).toEqual([["EHOSTUNREACH", 1]]);
});

test("packets that the kernel has no buffer for are sent later, or refused at the end of the run", () => {
  let isFull = true;
  const { socket, recorder, accepted, send, clock } = openSocket((sequence) =>
    isFull && sequence > 0 ? "EAGAIN" : undefined,
  );
  send(3);
  expect(accepted).toEqual([0]);
  expect([recorder.scheduleError.count, recorder.scheduleError.max]).toEqual([1, 0]);
  isFull = false;
  clock.time += 8;
  socket.flush();
  expect(accepted).toEqual([0, 1, 2]);
  expect([recorder.scheduleError.count, recorder.scheduleError.max]).toEqual([3, 0.008]);
  isFull = true;
  send(2);
  clock.time += 500;
  socket.session.expire(clock.time);
  expect(recorder.counts).toMatchObject({ sent: 5, lost: 5 });
  socket.refuseReady();
  expect(recorder).toMatchObject({ awaited: 0, pending: 0, counts: { sent: 3, lost: 3, refused: 2 } });
  expect([...recorder.errors]).toEqual([["EAGAIN", 2]]);
});

test("packets that the kernel has not accepted within their timeout are refused, and are no loss", () => {
  const { socket, recorder, send, clock } = openSocket((sequence) => (sequence > 0 ? "EAGAIN" : undefined));
  send(3);
  clock.time += 50;
  socket.flush(); // which renews the send times, not the timeout
  socket.refuseOverdue(clock.time);
  expect(recorder.counts).toMatchObject({ sent: 3, refused: 0 });
  clock.time += 51;
  socket.refuseOverdue(clock.time);
  expect(recorder.counts).toMatchObject({ sent: 1, refused: 2 });
  clock.time += 200;
  socket.session.expire(clock.time);
  expect(recorder).toMatchObject({ counts: { lost: 1 }, losses: { packets: 1, lost: 1 } });
});
