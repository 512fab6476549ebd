import { expect, test } from "bun:test";
import { unreachable, unspecifiedAddress } from "../../../src/load/send/connect.ts";

test("the reason why a target cannot be reached is one line", () => {
  const refused = Object.assign(new Error("Failed to connect"), { code: "ECONNREFUSED" });
  expect(unreachable({ hostname: "a", port: 5, address: "::1", sameHost: true }, refused).message).toBe(
    "nothing listens at [::1]:5 (ECONNREFUSED)",
  );
  const expired = Object.assign(new Error("certificate has expired"), { code: "CERT_HAS_EXPIRED" });
  expect(unreachable({ hostname: "a", port: 5, address: "10.0.0.1", sameHost: false }, expired).message).toBe(
    "no connection to 10.0.0.1:5: its certificate has expired (CERT_HAS_EXPIRED); --insecure accepts any certificate",
  );
});

test("a socket binds to the unspecified address of the target's family", () => {
  expect(["::1", "10.0.0.1"].map(unspecifiedAddress)).toEqual(["::", "0.0.0.0"]);
});
