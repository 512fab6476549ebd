/** Clients of the WebSocket endpoint: messages of text and of STAMP packets. */
import { STAMP_LENGTH, senderSequenceOf } from "../../src/stamp/packet.ts";
import { type Form, newClient, testPacket } from "./clients.ts";

const HELLO = "Hello WS 7";

function urlAt(port: number, host: string): string {
  return `ws://${host.includes(":") ? `[${host}]` : host}:${port}/ws`;
}

/** Sends each packet as a message on a connection of its own. */
const text: Form = {
  name: "WebSocket, text",
  protocol: "websocket",
  sentBytes: HELLO.length,
  replyBytes: 6,
  async connect(lab, host = "127.0.0.1") {
    const { got, sentAt, ...client } = newClient();
    return {
      ...client,
      send(n) {
        const ended = Promise.withResolvers<void>();
        const end = (how: string) => {
          if (!client.endings.has(n)) client.endings.set(n, how);
          ended.resolve();
        };
        const socket = new WebSocket(urlAt(lab.ports.http, host));
        socket.onopen = () => {
          sentAt[n] = performance.now();
          socket.send(HELLO);
        };
        socket.onmessage = ({ data }) => {
          got(n, Buffer.from(data));
          end("answered");
          socket.close();
        };
        socket.onclose = ({ code }) => end(code === 1006 ? "reset" : "closed");
        return ended.promise;
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};

/** Sends STAMP packets on one connection. */
const stamp: Form = {
  name: "WebSocket, STAMP",
  protocol: "websocket",
  sentBytes: STAMP_LENGTH,
  replyBytes: STAMP_LENGTH,
  async connect(lab, host = "127.0.0.1") {
    const { got, sentAt, ...client } = newClient();
    const socket = new WebSocket(urlAt(lab.ports.http, host));
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      const body = Buffer.from(data);
      got(senderSequenceOf(body), body);
    };
    const open = Promise.withResolvers<void>();
    socket.onopen = () => open.resolve();
    await open.promise;
    return {
      ...client,
      async send(n) {
        sentAt[n] = performance.now();
        socket.send(new Uint8Array(testPacket(n)));
      },
      async [Symbol.asyncDispose]() {
        socket.close();
      },
    };
  },
};

/** The clients of the endpoint. */
export const WEBSOCKET_FORMS: readonly Form[] = [text, stamp];
