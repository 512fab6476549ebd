import { expect, test } from "bun:test";
import { connect } from "node:net";
import { openTcpRelay } from "../../src/relay/tcp.ts";
import { startTestLab } from "../support/lab.ts";
import { backendAt } from "./support.ts";

const LOCAL = backendAt("127.0.0.1");

/** What a client reads after it has sent `text` and half-closed; "reset" if the connection was reset. */
function talk(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.end(text));
    socket.on("data", (data) => {
      answer += data;
    });
    socket.on("error", () => resolve("reset"));
    socket.on("close", () => resolve(answer));
  });
}

test("TCP and HTTP are forwarded to the lab and back", async () => {
  await using lab = await startTestLab();
  await using tcp = await openTcpRelay("127.0.0.1", 0, LOCAL, lab.ports.tcp);
  await using http = await openTcpRelay("127.0.0.1", 0, LOCAL, lab.ports.http);
  expect(await talk(tcp.port, "Hello TCP 7")).toBe("ACK-TCP");
  const answer = await fetch(`http://127.0.0.1:${http.port}/`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"n":7}',
  });
  expect(await answer.json()).toEqual({ status: "received" });
});

test("a megabyte in each direction arrives unchanged", async () => {
  const bytes = new Uint8Array(1 << 20).map((_, i) => i * 31);
  await using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => new Response(request.body) });
  await using relay = await openTcpRelay("127.0.0.1", 0, LOCAL, server.port ?? 0);
  const answer = await fetch(`http://127.0.0.1:${relay.port}/`, { method: "POST", body: bytes });
  expect(Bun.hash(await answer.arrayBuffer())).toBe(Bun.hash(bytes));
});

test("connections are closed while there is no lab, and while the lab's port is closed", async () => {
  await using noLab = await openTcpRelay("127.0.0.1", 0, backendAt(undefined), 1);
  expect(await talk(noLab.port, "x")).toBeOneOf(["", "reset"]);
  const gone = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  gone.stop(true);
  await using relay = await openTcpRelay("127.0.0.1", 0, LOCAL, gone.port);
  expect(await talk(relay.port, "x")).toBeOneOf(["", "reset"]);
});

test("a port in use is an error", async () => {
  await using first = await openTcpRelay("127.0.0.1", 0, LOCAL, 1);
  await expect(openTcpRelay("127.0.0.1", first.port, LOCAL, 1)).rejects.toThrow("EADDRINUSE");
});
