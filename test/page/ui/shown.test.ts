/** Which protocols are on display, and how the choice is kept. */
import { describe, expect, test } from "bun:test";
import { CLASSICS, PROTOCOLS } from "../../../src/base/protocol.ts";
import { createShown } from "../../../src/page/ui/shown.ts";

/** A storage in memory, with what the page has kept. */
function storageWith(kept?: string): Storage {
  const values = new Map(kept === undefined ? [] : [["wirelab-protocols", kept]]);
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
    clear: () => values.clear(),
    key: () => null,
    length: 0,
  };
}

describe("the protocols on display", () => {
  test("are the classics at first, whatever the lab serves", () => {
    expect(createShown(PROTOCOLS, storageWith()).current).toEqual([...CLASSICS]);
    expect(createShown(["http", "udp", "tls"], storageWith()).current).toEqual(["http", "udp"]);
  });

  test("are kept, and are in the order of the registry", () => {
    const storage = storageWith();
    const shown = createShown(PROTOCOLS, storage);
    shown.set("tls", true);
    shown.set("https", true);
    shown.set("udp", false);
    expect(shown.current).toEqual(["http", "tcp", "https", "tls"]);
    expect(createShown(PROTOCOLS, storage).current).toEqual(["http", "tcp", "https", "tls"]);
  });

  test("can be none, and are the classics again in the next page", () => {
    const storage = storageWith();
    const shown = createShown(PROTOCOLS, storage);
    for (const protocol of CLASSICS) shown.set(protocol, false);
    expect(shown.current).toEqual([]);
    expect(createShown(PROTOCOLS, storage).current).toEqual([...CLASSICS]);
  });

  test("keep the choice of protocols that this lab does not serve", () => {
    const storage = storageWith('["http","http3"]');
    const shown = createShown(CLASSICS, storage);
    expect(shown.current).toEqual(["http"]);
    shown.set("tcp", true);
    expect(createShown(PROTOCOLS, storage).current).toEqual(["http", "tcp", "http3"]);
  });

  test.each(["{", '"udp"', '["quic"]', "[1]"])("are the classics where %s was kept", (kept) => {
    expect(createShown(PROTOCOLS, storageWith(kept)).current).toEqual([...CLASSICS]);
  });

  test("report each change once, and none where nothing changes", () => {
    const shown = createShown(PROTOCOLS, storageWith());
    let changes = 0;
    shown.onChange(() => changes++);
    shown.set("tls", true);
    shown.set("tls", true);
    shown.set("tls", false);
    expect(changes).toBe(2);
  });
});
