import { expect, test } from "bun:test";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import { isEncrypted, pemCertificates } from "../../../src/load/plan/tls.ts";
import { selfSigned } from "../../support/certificate.ts";

test("a run is encrypted by its protocol or by the scheme of its URL", () => {
  const encrypted = (protocol: "http" | "tls" | "http3" | "websocket" | "udp", target?: string) =>
    isEncrypted(planRun({ protocol, ...(target !== undefined && { target }) }));
  expect([
    encrypted("tls"),
    encrypted("http3"),
    encrypted("http", "https://a/"),
    encrypted("websocket", "wss://a/"),
  ]).toEqual([true, true, true, true]);
  expect([encrypted("udp"), encrypted("http"), encrypted("websocket")]).toEqual([false, false, false]);
});

test("certificates in PEM form are trusted; other text, an unreadable one and --insecure beside them are refused", () => {
  const { cert } = selfSigned();
  const [pem = ""] = pemCertificates(cert) ?? [];
  expect(planRun({ protocol: "tls" }).tls).toEqual({ verify: true, ca: undefined, caFrom: undefined });
  expect(planRun({ protocol: "tls", verify: false }).tls.verify).toBe(false);
  expect(planRun({ protocol: "http", http: { verify: false } }).tls.verify).toBe(false);
  const ca = Buffer.from(`text before\n${pem}\nand between\n${pem}\n`);
  expect(planRun({ protocol: "tls", ca }).tls).toEqual({ verify: true, ca: `${pem}\n${pem}`, caFrom: "options" });
  const refused = "--ca: expected certificates in PEM form";
  expect(() => planRun({ protocol: "tls", ca: "nothing" })).toThrow(refused);
  expect(() => planRun({ protocol: "tls", ca: pem.replace(/MII.{20}/, "") })).toThrow(refused);
  expect(() => planRun({ protocol: "tls", ca: pem, verify: false })).toThrow("--ca and --insecure exclude each other");
});
