/** Scenarios whose outcomes Toxiproxy 2.12.0 has shown too: what a client reads, and how its connection ends. */
import { until } from "../support/until.ts";
import { ask, type Client, openClient, startEcho } from "./support.ts";

/** A server of the API, and a proxy on it in front of an echo server. */
interface Scene {
  readonly client: Client;
  /** Octets that the echo server has got. */
  readonly received: () => number;
  readonly toxic: (method: string, path: string, body?: object) => Promise<unknown>;
  /** Connects to the proxy. */
  readonly connect: () => Promise<Client>;
}

/** Waits until something happens to the client; "nothing" if that takes too long. */
async function outcome(client: Client, octets: number): Promise<string> {
  const happened = () => client.end !== undefined || client.read.length >= octets;
  await until(happened, "the octets or the end", 1500).catch(() => undefined);
  return `${client.read.length} octets, ${client.end ?? "open"}`;
}

const add = (scene: Scene, type: string, attributes: object, stream = "downstream") =>
  scene.toxic("POST", "", { type, stream, attributes });

/** The scenarios, each of which returns its outcome. */
export const SCENARIOS: Readonly<Record<string, (scene: Scene) => Promise<string>>> = {
  async "no toxic"({ client }) {
    client.write("12345");
    return outcome(client, 5);
  },
  async "latency that is removed passes what it holds"(scene) {
    await add(scene, "latency", { latency: 20_000 });
    scene.client.write("12345");
    await until(() => scene.received() === 5, "the echo server has the octets");
    await scene.toxic("DELETE", "/latency_downstream");
    return outcome(scene.client, 5);
  },
  async "latency that is lowered"(scene) {
    await add(scene, "latency", { latency: 20_000 });
    scene.client.write("12345");
    await until(() => scene.received() === 5, "the echo server has the octets");
    await scene.toxic("POST", "/latency_downstream", { attributes: { latency: 1 } });
    return outcome(scene.client, 5);
  },
  async "bandwidth that is removed passes what it holds"(scene) {
    await add(scene, "bandwidth", { rate: 1 });
    scene.client.write(Buffer.alloc(20_000));
    await until(() => scene.received() === 20_000, "the echo server has the octets");
    await scene.toxic("DELETE", "/bandwidth_downstream");
    return outcome(scene.client, 20_000);
  },
  async "a timeout of 0 discards and closes when it is removed"(scene) {
    await add(scene, "timeout", { timeout: 0 });
    scene.client.write("12345");
    await until(() => scene.received() === 5, "the echo server has the octets");
    const before = scene.client.end;
    await scene.toxic("DELETE", "/timeout_downstream");
    return `${before ?? "open"}, then ${await outcome(scene.client, 5)}`;
  },
  async "timeout closes"(scene) {
    await add(scene, "timeout", { timeout: 100 });
    scene.client.write("12345");
    return outcome(scene.client, 5);
  },
  async "timeout upstream closes, and the upstream gets nothing"(scene) {
    await add(scene, "timeout", { timeout: 100 }, "upstream");
    scene.client.write("12345");
    return `${await outcome(scene.client, 5)}, upstream ${scene.received()}`;
  },
  async "reset_peer resets a new connection after its first octets"(scene) {
    await add(scene, "reset_peer", { timeout: 50 });
    using client = await scene.connect();
    const idle = await Promise.race([outcome(client, 1), Bun.sleep(200).then(() => "open")]);
    client.write("12345");
    return `${idle}, then ${await outcome(client, 5)}, upstream ${scene.received()}`;
  },
  async "reset_peer upstream resets before the upstream has octets"(scene) {
    await add(scene, "reset_peer", {}, "upstream");
    using client = await scene.connect();
    client.write("12345");
    return `${await outcome(client, 5)}, upstream ${scene.received()}`;
  },
  async "limit_data ends at its last octet"(scene) {
    await add(scene, "limit_data", { bytes: 5 });
    scene.client.write("12345");
    await outcome(scene.client, 6);
    return outcome(scene.client, 6);
  },
  async "limit_data ends behind its octets"(scene) {
    await add(scene, "limit_data", { bytes: 5 });
    scene.client.write("1234567890");
    return outcome(scene.client, 6);
  },
  async "limit_data of 0 ends at the first octets"(scene) {
    await add(scene, "limit_data", {});
    scene.client.write("12345");
    return outcome(scene.client, 6);
  },
  async "limit_data counts from its addition"(scene) {
    scene.client.write("12345");
    await outcome(scene.client, 5);
    await add(scene, "limit_data", { bytes: 3 });
    scene.client.write("67890");
    return outcome(scene.client, 9);
  },
  async "slicer keeps the octets"(scene) {
    await add(scene, "slicer", { average_size: 100, size_variation: 50, delay: 100 });
    scene.client.write(Buffer.alloc(5000));
    return outcome(scene.client, 5000);
  },
  async "slow_close passes octets at once and delays the end"(scene) {
    await add(scene, "slow_close", { delay: 300 });
    scene.client.write("12345");
    const first = await outcome(scene.client, 5);
    const startedAt = performance.now();
    scene.client.finish();
    await until(() => scene.client.end, "the end");
    const late = performance.now() - startedAt >= 299 ? "late" : "at once";
    return `${first}, then ${late} ${scene.client.end}`;
  },
};

/** Plays all scenarios with a server: the outcome of each by its name. */
export async function playAll(url: string): Promise<Readonly<Record<string, string>>> {
  const outcomes: Record<string, string> = {};
  for (const [name, play] of Object.entries(SCENARIOS)) {
    using echo = startEcho();
    const upstream = `127.0.0.1:${echo.port}`;
    const { body } = await ask(url, "POST", "/proxies", { name: "proxy", listen: "127.0.0.1:0", upstream });
    const port = Number((body as { readonly listen: string }).listen.split(":")[1]); // the field is a string in every response
    using client = await openClient(port);
    await until(() => echo.accepted === 1, "the connection to the upstream");
    const toxic: Scene["toxic"] = (method, path, body) => ask(url, method, `/proxies/proxy/toxics${path}`, body);
    outcomes[name] = await play({ client, received: () => echo.received, toxic, connect: () => openClient(port) });
    await ask(url, "DELETE", "/proxies/proxy");
  }
  return outcomes;
}
