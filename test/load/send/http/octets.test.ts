import { expect, test } from "bun:test";
import { beginsStatusLine, digits, FIELDS, fieldAt } from "../../../../src/load/send/http/octets.ts";

const octets = (text: string) => Buffer.from(text);

test("digits reads a decimal number between two offsets, and nothing else", () => {
  expect(digits(octets("x0123y"), 1, 5)).toBe(123);
  for (const text of ["", "12a", "-1", " 1", "1.5"]) expect(digits(octets(text), 0, text.length)).toBeNaN();
});

test("beginsStatusLine accepts every part of a status line from its start, and no other text", () => {
  const line = "HTTP/1.1 200 OK";
  for (let length = 0; length <= line.length; length++) expect(beginsStatusLine(octets(line), 0, length)).toBe(true);
  for (const text of ["h", "HTTP/2", "ACK-TCP", "\x16\x03\x01"]) {
    expect(beginsStatusLine(octets(text), 0, text.length)).toBe(false);
  }
});

test("fieldAt finds the known field names in any case, at any offset", () => {
  const find = (name: string) => fieldAt(octets(`>>${name}`), 2, name.length);
  expect(find("Content-Length")).toBe(FIELDS.contentLength);
  expect(find("CONNECTION")).toBe(FIELDS.connection);
  expect(find("x-wirelab-fate")).toBe(FIELDS.wirelabFate);
  expect(["Content-Lengt", "Date", "connectio\x0e"].map(find)).toEqual([undefined, undefined, undefined]);
});
