import { expect, test } from "bun:test";
import { connectWithin, unreachable, unspecifiedAddress } from "../../../src/load/send/connect.ts";

test("a connection that does not open in time is rejected, and one that opens later is passed on", async () => {
  const connecting = Promise.withResolvers<string>();
  const late: string[] = [];
  const result = connectWithin(20, connecting.promise, (socket) => late.push(socket));
  expect(result).rejects.toMatchObject({ code: "ETIMEDOUT" });
  await result.catch(() => undefined);
  connecting.resolve("socket");
  await connecting.promise;
  expect(late).toEqual(["socket"]);
});

test("a connection that opens in time is returned, and a refusal is rejected with its own error", async () => {
  expect(await connectWithin(1000, Promise.resolve("socket"), () => undefined)).toBe("socket");
  expect(connectWithin(1000, Promise.reject(new Error("refused")), () => undefined)).rejects.toThrow("refused");
});

test("the reason why a target cannot be reached is one line", () => {
  const refused = Object.assign(new Error("Failed to connect"), { code: "ECONNREFUSED" });
  expect(unreachable({ hostname: "a", port: 5, address: "::1", sameHost: true }, refused).message).toBe(
    "nothing listens at [::1]:5 (ECONNREFUSED)",
  );
  const expired = Object.assign(new Error("certificate has expired"), { code: "CERT_HAS_EXPIRED" });
  expect(unreachable({ hostname: "a", port: 5, address: "10.0.0.1", sameHost: false }, expired).message).toBe(
    "no connection to 10.0.0.1:5: certificate has expired (CERT_HAS_EXPIRED)",
  );
});

test("a socket binds to the unspecified address of the target's family", () => {
  expect(["::1", "10.0.0.1"].map(unspecifiedAddress)).toEqual(["::", "0.0.0.0"]);
});
