import { expect, test } from "bun:test";
import { measureCommand } from "../../../src/load/plan/lab-address.ts";
import type { LoadOptions } from "../../../src/load/plan/options.ts";
import { planRun } from "../../../src/load/plan/run-plan.ts";

const COMMAND = "bun run scripts/load.ts --proto udp";
const labPorts = { http: 5555, udp: 7777 };

/** Target, control address and whether an error says how to start the lab. */
function planned(options: LoadOptions) {
  const { targetText, controlUrl, hint } = planRun(options);
  return [targetText, controlUrl?.host, /^; to start the lab( with TLS on)?: bun run dev$/.test(hint)];
}

test("the default target and its control routes are at the ports of the lab on this machine", () => {
  expect(planned({ protocol: "udp" })).toEqual(["127.0.0.1:7000", "127.0.0.1:5000", true]);
  expect(planned({ protocol: "udp", labPorts })).toEqual(["127.0.0.1:7777", "127.0.0.1:5555", true]);
  expect(planned({ protocol: "tcp", labPorts })).toEqual(["127.0.0.1:6000", "127.0.0.1:5555", true]);
  expect(planned({ protocol: "http", labPorts })).toEqual(["http://127.0.0.1:5555/", "127.0.0.1:5555", true]);
  expect(planned({ protocol: "websocket", labPorts })).toEqual(["ws://127.0.0.1:5555/ws", "127.0.0.1:5555", true]);
  expect(planned({ protocol: "https", labPorts })).toEqual(["https://127.0.0.1:5443/", "127.0.0.1:5555", true]);
  expect(planned({ protocol: "http2" })).toEqual(["https://127.0.0.1:5444/", "127.0.0.1:5000", true]);
  expect(planned({ protocol: "http3", labPorts: { http3: 8443 } })).toEqual([
    "https://127.0.0.1:8443/",
    "127.0.0.1:5000",
    true,
  ]);
  expect(planned({ protocol: "tls" })).toEqual(["127.0.0.1:6443", "127.0.0.1:5000", true]);
});

test("a target on another host has the default ports; one on this machine has the lab's control port", () => {
  expect(planned({ protocol: "udp", labPorts, target: "10.0.0.7" })).toEqual(["10.0.0.7:7000", "10.0.0.7:5000", false]);
  expect(planned({ protocol: "udp", labPorts, target: "localhost:7777" })).toEqual([
    "localhost:7777",
    "localhost:5555",
    true,
  ]);
  expect(planned({ protocol: "udp", labPorts, target: "[::1]:9" })).toEqual(["[::1]:9", "[::1]:5555", false]);
});

test("the command to measure a lab names its ports where they are not the default ones", () => {
  const ports = { http: 5000, tcp: 6001, udp: 7000 };
  expect(measureCommand("localhost", ports)).toBe(COMMAND);
  expect(measureCommand("127.0.0.1", { ...ports, udp: 7777 })).toBe(`${COMMAND} --target 127.0.0.1:7777`);
  expect(measureCommand("localhost", { ...ports, http: 5555 })).toBe(`${COMMAND} --control localhost:5555`);
  expect(measureCommand("10.0.0.7", ports)).toBe(`${COMMAND} --target 10.0.0.7:7000`);
  expect(measureCommand("::1", { ...ports, http: 1, udp: 2 })).toBe(`${COMMAND} --target [::1]:2 --control [::1]:1`);
});

test("the hint for a protocol with a handshake says that the lab needs TLS", () => {
  expect(planRun({ protocol: "tls" }).hint).toBe("; to start the lab with TLS on: bun run dev");
  expect(planRun({ protocol: "websocket" }).hint).toBe("; to start the lab: bun run dev");
});
