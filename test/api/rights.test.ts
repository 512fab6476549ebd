/** Who may change the lab: every combination of where a request comes from, its Host, its Origin and its token. */
import { describe, expect, test } from "bun:test";
import { type RightsPolicy, refusal } from "../../src/api/rights.ts";

const TOKEN = "0123456789abcdef";
const LOCAL = "127.0.0.1";
const REMOTE = "192.0.2.7";

/** The status of the refusal, or 200 where there is none. */
function statusOf(address: string, headers: Record<string, string>, policy: Partial<RightsPolicy> = {}): number {
  const asker = { address, headers: new Headers({ host: "127.0.0.1:5000", ...headers }) };
  return refusal(asker, { token: TOKEN, host: "127.0.0.1", ...policy })?.status ?? 200;
}

describe("where it comes from", () => {
  test.each(["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])("%s is this machine", (address) => {
    expect(statusOf(address, {})).toBe(200);
    expect(statusOf(address, {}, { token: undefined })).toBe(200);
  });

  test.each(["192.0.2.7", "::ffff:192.0.2.7", "10.127.0.0", "fd00::2", "::", "::127.0.0.1", "1270.0.0.1", ""])(
    "%j is not",
    (address) => {
      expect(statusOf(address, {})).toBe(401);
      expect(statusOf(address, {}, { token: undefined })).toBe(403);
    },
  );
});

describe("the token, from elsewhere", () => {
  test.each([
    [`Bearer ${TOKEN}`, 200],
    [`bearer ${TOKEN}`, 200],
    [`Bearer ${TOKEN} `, 200], // a header's value has no space at its end
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

  test("none is right where none is configured, not even an empty one", () => {
    for (const authorization of ["Bearer undefined", "Bearer ", ""]) {
      expect(statusOf(REMOTE, { authorization }, { token: undefined })).toBe(403);
    }
  });

  test("a right one does not make up for a foreign Host or Origin", () => {
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

  test("the configured name is one, in any case", () => {
    expect(statusOf(LOCAL, { host: "lab.example:5000" }, { host: "lab.example" })).toBe(200);
    expect(statusOf(LOCAL, { host: "LAB.example" }, { host: "lab.example" })).toBe(200);
    expect(statusOf(LOCAL, { host: "other.example" }, { host: "lab.example" })).toBe(403);
  });

  test("a request without one is refused", () => {
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

test("a refusal is one line that says what would help", () => {
  const line = (headers: Record<string, string>, token?: string) =>
    refusal({ address: REMOTE, headers: new Headers({ host: "127.0.0.1", ...headers }) }, { token, host: LOCAL })
      ?.error;
  expect(line({})).toBe("only from this machine; set WIRELAB_TOKEN to allow others that show it");
  expect(line({}, TOKEN)).toBe("show the token: Authorization: Bearer TOKEN");
  expect(line({ host: "x.example" })).toBe('Host "x.example" is not allowed; use an address or localhost');
  expect(line({ origin: "http://x" })).toBe('Origin "http://x" is not allowed; only this lab\'s own page may do this');
});
