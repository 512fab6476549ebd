import { expect, test } from "bun:test";
import { UpstreamTurns } from "../../../src/relay/udp/upstream-turns.ts";

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

function fakeSocket() {
  return {
    held: false,
    releases: 0,
    hold() {
      this.held = true;
    },
    release() {
      this.held = false;
      this.releases++;
    },
  };
}

test("each socket that is read in a turn longer than 5 ms is held after a datagram, until the next turn", async () => {
  const turns = new UpstreamTurns(() => 1010);
  const [flooded, other, idle] = [fakeSocket(), fakeSocket(), fakeSocket()];
  const held = () => [flooded, other, idle].map(({ held }) => held);
  turns.received(flooded, 1000);
  turns.received(flooded, 1005);
  expect(held()).toEqual([false, false, false]);
  turns.received(flooded, 1005.1);
  expect(held()).toEqual([true, false, false]);
  turns.received(other, 1005.2);
  expect(held()).toEqual([true, true, false]);
  await nextTurn();
  expect(held()).toEqual([false, false, false]);
  turns.release();
  expect([flooded, other, idle].map(({ releases }) => releases)).toEqual([1, 1, 0]); // once: closed sockets are forgotten
});
