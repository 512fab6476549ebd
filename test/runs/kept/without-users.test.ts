/** User names and passwords of URLs in runs that an earlier version kept. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { RunStore } from "../../../src/runs/kept/store.ts";
import { withoutUsers } from "../../../src/runs/kept/without-users.ts";
import { makeRun, newPath } from "../support.ts";

test.each([
  ["http://user:pw@host:80/path", "http://host:80/path"],
  ["https://user@host", "https://host"],
  ["http://a@b:p@w@host/", "http://host/"],
  ["wss://u:p@[::1]:443/x@y", "wss://[::1]:443/x@y"],
  ["sent to http://u:p@host/ and to http://v:q@other", "sent to http://host/ and to http://other"],
  ["http://host/path@2?mail=a@b", "http://host/path@2?mail=a@b"],
  ["http://host and mail to a@b", "http://host and mail to a@b"],
  ["user@host", "user@host"],
])("%s is %s", (text, expected) => {
  expect(JSON.parse(withoutUsers(JSON.stringify([{ text: [text] }])))).toEqual([{ text: [expected] }]);
});

test("a target without a scheme has no user either", () => {
  expect(JSON.parse(withoutUsers('[{"target":"user@host:80"}]'))).toEqual([{ target: "host:80" }]);
});

test("a text without a URL, or that is not JSON, stays as it is", () => {
  for (const text of ['{ "a":  1 }', '{"a" http://u:p@host']) expect(withoutUsers(text)).toBe(text);
});

test("a megabyte without an end of the user name takes no longer than reading it", () => {
  const text = JSON.stringify(`${"a.b-://".repeat(100_000)}${"u:p".repeat(100_000)}@`);
  const startedAt = performance.now();
  withoutUsers(text);
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

test("a run of an earlier version is read without them, in the list, the report and the explanation", async () => {
  const { report, detail } = await makeRun();
  const target = "http://user:secret@127.0.0.1:5000/";
  const explanation = `Packets were sent to ${target}.`;
  const path = newPath();
  using store = RunStore.open(path);
  store.save({ source: "page", reports: [{ ...report, target }], details: [{ ...detail, explanation }] });
  const read = JSON.stringify([store.list(), store.get(1)]);
  expect(read).not.toContain("secret");
  expect(store.list()[0]?.lines[0]?.target).toBe("http://127.0.0.1:5000/");
  expect(store.get(1)?.details[0]?.explanation).toBe("Packets were sent to http://127.0.0.1:5000/.");
  using file = new Database(path);
  const row = file.query<{ reports: string }, []>("SELECT reports FROM runs").get();
  expect(row?.reports).toContain("secret"); // the file is not rewritten
});
