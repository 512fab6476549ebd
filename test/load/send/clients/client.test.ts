import { expect, test } from "bun:test";
import { connected, unreachable } from "../../../../src/load/send/clients/client.ts";

test("a connection that does not come about is given up, and ended if it comes after all", async () => {
  const connecting = Promise.withResolvers<string>();
  const late: string[] = [];
  const giving = connected(connecting.promise, 20, (socket) => late.push(socket));
  expect(giving).rejects.toMatchObject({ code: "ETIMEDOUT" });
  await giving.catch(() => undefined);
  connecting.resolve("socket");
  await connecting.promise;
  expect(late).toEqual(["socket"]);
});

test("one that comes in time is handed on, and a refusal is told as it is", async () => {
  expect(await connected(Promise.resolve("socket"), 1000, () => undefined)).toBe("socket");
  expect(connected(Promise.reject(new Error("refused")), 1000, () => undefined)).rejects.toThrow("refused");
});

test("why a target cannot be reached is one line", () => {
  const refused = Object.assign(new Error("Failed to connect"), { code: "ECONNREFUSED" });
  expect(unreachable({ hostname: "a", port: 5, address: "::1", sameHost: true }, refused).message).toBe(
    "nothing listens at [::1]:5 (ECONNREFUSED)",
  );
  const expired = Object.assign(new Error("certificate has expired"), { code: "CERT_HAS_EXPIRED" });
  expect(unreachable({ hostname: "a", port: 5, address: "10.0.0.1", sameHost: false }, expired).message).toBe(
    "no connection to 10.0.0.1:5: certificate has expired (CERT_HAS_EXPIRED)",
  );
});
