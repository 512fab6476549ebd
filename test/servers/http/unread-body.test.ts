/** Requests that a control route refuses before it reads their body. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { END_HEADERS, END_STREAM, frame, getBlock, openFrames, TYPE } from "../../hostile/support/http2-frames.ts";
import { ALL_FREE_PORTS, startTestLab } from "../../support/lab.ts";
import { until } from "../../support/until.ts";
import { openHttp2 } from "../../support/versions.ts";

setDefaultTimeout(20_000);

/** A POST of `path`: the block of a GET with another method and a length. */
function postBlock(path: string, length: string): Buffer {
  const get = getBlock(path);
  get[0] = 0x83; // :method POST
  return Buffer.concat([get, Buffer.from([0x0f, 0x0d, length.length]), Buffer.from(length)]); // content-length
}

async function openLab() {
  return startTestLab({ ...ALL_FREE_PORTS, httpsPort: "off", http3Port: "off", tlsPort: "off" });
}

test("a refused request of HTTP/2 is read to its end: a reset after the response is an error to some clients", async () => {
  await using lab = await openLab();
  const port = lab.ports.http2 ?? 0;
  using connection = await openFrames(port);
  using other = await openHttp2(port);
  connection.write(frame(TYPE.headers, END_HEADERS, 1, postBlock("/nowhere", "4")));
  expect((await other.send("/nowhere").end).status).toBe(404); // the lab has the other request too
  connection.write(frame(TYPE.data, END_STREAM, 1, Buffer.from("none")));
  await until(() => connection.types.includes(TYPE.headers), "the response");
  connection.write(frame(TYPE.ping, 0, 0, Buffer.alloc(8)));
  await until(() => connection.types.includes(TYPE.ping), "the frames after it");
  expect(connection.types).not.toContain(TYPE.reset);
});

test.each(["4", "100000"])("a body of %s octets that never arrives does not keep the refusal back", async (length) => {
  await using lab = await openLab();
  using connection = await openFrames(lab.ports.http2 ?? 0);
  connection.write(frame(TYPE.headers, END_HEADERS, 1, postBlock("/nowhere", length)));
  await until(() => connection.types.includes(TYPE.headers), "the response");
});
