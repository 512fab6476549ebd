import { expect, test } from "bun:test";
import { Recorder } from "../../../../src/load/measure/recorder.ts";
import { OpenStreams } from "../../../../src/load/send/http2/open-streams.ts";
import { Exchange } from "../../../../src/load/send/streams/connection.ts";

const recorder = new Recorder();

/** Streams with these ids. */
function open(...ids: number[]): OpenStreams {
  const streams = new OpenStreams();
  for (const id of ids) add(streams, id);
  return streams;
}

function add(streams: OpenStreams, id: number): void {
  const exchange = new Exchange(recorder);
  exchange.stream = id;
  streams.add(exchange);
}

const idsOf = (streams: OpenStreams) => [...streams.values()].map(({ stream }) => stream);

test("streams are found by their ids, in the order of adding", () => {
  const streams = open(1, 3, 5, 7);
  streams.delete(1);
  streams.delete(5);
  streams.delete(5);
  expect(streams.size).toBe(2);
  expect([streams.get(1), streams.get(3)?.stream, streams.get(4), streams.get(131)]).toEqual([
    undefined,
    3,
    undefined,
    undefined,
  ]);
  expect(idsOf(streams)).toEqual([3, 7]);
  expect(streams.oldest()?.stream).toBe(3);
  streams.clear();
  expect([streams.size, streams.oldest(), idsOf(streams)]).toEqual([0, undefined, []]);
});

test("a stream that stays open is kept while thousands of later ones come and go", () => {
  const streams = open(1, 3);
  for (let id = 5; id < 20_000; id += 2) {
    add(streams, id);
    if (id % 2000 !== 1) streams.delete(id);
  }
  expect(idsOf(streams)).toEqual([1, 3, 2001, 4001, 6001, 8001, 10_001, 12_001, 14_001, 16_001, 18_001]);
  expect(streams.oldest()?.stream).toBe(1);
  for (const id of idsOf(streams)) streams.delete(id);
  add(streams, 2 ** 31 - 1);
  expect(streams.oldest()?.stream).toBe(2 ** 31 - 1);
});
