/** Which requests may change the lab's state, by the peer's address, Host, Origin and token. */
import { describe, expect, test } from "bun:test";
import { type RightsPolicy, refusal } from "../../src/api/rights.ts";

const TOKEN = "0123456789abcdef";
const LOCAL = "127.0.0.1";
const REMOTE = "192.0.2.7";

/** The status of the refusal; 200 if the request is allowed. */
function statusOf(address: string, headers: Record<string, string>, policy: Partial<RightsPolicy> = {}): number {
  const requester = { address, headers: new Headers({ host: "127.0.0.1:5000", ...headers }) };
  return refusal(requester, { token: TOKEN, host: "127.0.0.1", ...policy })?.status ?? 200;
}

describe("the address", () => {
  test.each(["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])("%s is loopback: allowed", (address) => {
    expect(statusOf(address, {})).toBe(200);
    expect(statusOf(address, {}, { token: undefined })).toBe(200);
  });

  test.each(["192.0.2.7", "::ffff:192.0.2.7", "10.127.0.0", "fd00::2", "::", "::127.0.0.1", "1270.0.0.1", ""])(
    "%j is not loopback: refused",
    (address) => {
      expect(statusOf(address, {})).toBe(401);
      expect(statusOf(address, {}, { token: undefined })).toBe(403);
    },
  );
});

describe("the token, from another address", () => {
  test.each([
    [`Bearer ${TOKEN}`, 200],
    [`bearer ${TOKEN}`, 200],
    [`Bearer ${TOKEN} `, 200], // trailing whitespace is not part of a header's value
    [`Bearer ${TOKEN}x`, 401],
    [`Bearer ${TOKEN.slice(0, -1)}`, 401],
    [`Bearer ${TOKEN.toUpperCase()}`, 401],
    [`Basic ${TOKEN}`, 401],
    [TOKEN, 401],
    ["Bearer", 401],
    ["Bearer ", 401],
    ["Bearer undefined", 401],
    ["", 401],
  ])("%j: %d", (authorization, status) => {
    expect(statusOf(REMOTE, { authorization })).toBe(status);
  });

  test("is refused without a configured token, an empty one too", () => {
    for (const authorization of ["Bearer undefined", "Bearer ", ""]) {
      expect(statusOf(REMOTE, { authorization }, { token: undefined })).toBe(403);
    }
  });

  test("does not allow a foreign Host or Origin", () => {
    const authorization = `Bearer ${TOKEN}`;
    expect(statusOf(REMOTE, { authorization, host: "evil.example" })).toBe(403);
    expect(statusOf(REMOTE, { authorization, origin: "http://evil.example" })).toBe(403);
  });
});

describe("the Host", () => {
  test.each([
    ["localhost", 200],
    ["localhost:5000", 200],
    ["LocalHost:5000", 200],
    ["127.0.0.1", 200],
    ["[::1]:5000", 200],
    ["[::1]", 200],
    ["192.0.2.2:5000", 200],
    ["lab.example:5000", 403],
    ["localhost.evil.example", 403],
    ["evil.example:5000", 403],
    ["127.0.0.1.evil.example", 403],
    ["", 403],
    ["@", 403],
  ])("%j: %d", (host, status) => {
    expect(statusOf(LOCAL, { host })).toBe(status);
  });

  test("may be the configured name, in upper or lower case", () => {
    expect(statusOf(LOCAL, { host: "lab.example:5000" }, { host: "lab.example" })).toBe(200);
    expect(statusOf(LOCAL, { host: "LAB.example" }, { host: "lab.example" })).toBe(200);
    expect(statusOf(LOCAL, { host: "other.example" }, { host: "lab.example" })).toBe(403);
  });

  test("is required", () => {
    expect(refusal({ address: LOCAL, headers: new Headers() }, { token: undefined, host: LOCAL })?.status).toBe(403);
  });
});

describe("the Origin", () => {
  test.each([
    ["http://127.0.0.1:5000", 200],
    ["https://127.0.0.1:5000", 200],
    ["http://127.0.0.1:5001", 403],
    ["http://localhost:5000", 403],
    ["http://evil.example", 403],
    ["http://127.0.0.1:5000.evil.example", 403],
    ["null", 403],
    ["", 403],
    ["file://", 403],
  ])("%j: %d", (origin, status) => {
    expect(statusOf(LOCAL, { origin })).toBe(status);
  });
});

test("a refusal is one line with the remedy", () => {
  const line = (headers: Record<string, string>, token?: string) =>
    refusal({ address: REMOTE, headers: new Headers({ host: "127.0.0.1", ...headers }) }, { token, host: LOCAL })
      ?.error;
  expect(line({})).toBe("only allowed from this machine; set WIRELAB_TOKEN to allow other clients that send it");
  expect(line({}, TOKEN)).toBe("send the token: Authorization: Bearer TOKEN");
  expect(line({ host: "x.example" })).toBe('Host "x.example" is not allowed; use an address or localhost');
  expect(line({ origin: "http://x" })).toBe('Origin "http://x" is not allowed; use the lab\'s own page');
});
