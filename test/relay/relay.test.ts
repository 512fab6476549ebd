import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { startLab } from "../../src/lab.ts";
import { type Backend, choose, followBackend } from "../../src/relay/backend.ts";
import { openTcpDoor } from "../../src/relay/tcp.ts";
import { openUdpDoor } from "../../src/relay/udp.ts";
import { run } from "../stack/files.ts";
import { until } from "../stack/wait.ts";

const here = (address: string | undefined): Backend => ({ address, [Symbol.dispose]() {} });

/** What a TCP client reads until the other side closes; "reset" where it was reset. */
function talk(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.end(text));
    socket.on("data", (data) => {
      answer += data;
    });
    socket.on("error", () => resolve("reset"));
    socket.on("close", () => resolve(answer));
  });
}

describe("the backend", () => {
  test("is the least address, by number and not by text", () => {
    expect(choose(undefined, ["172.18.0.10", "172.18.0.9"])).toBe("172.18.0.9");
  });

  test("stays while the name has it, and moves on when it has gone", () => {
    expect(choose("172.18.0.4", ["172.18.0.2", "172.18.0.4"])).toBe("172.18.0.4");
    expect(choose("172.18.0.4", ["172.18.0.3", "172.18.0.2"])).toBe("172.18.0.2");
    expect(choose("172.18.0.4", [])).toBeUndefined();
  });

  test("follows the name, through a failing look-up", async () => {
    let found: readonly string[] | undefined = ["10.0.0.1"];
    using backend = await followBackend("lab", 1, async () => {
      if (found === undefined) throw new Error("SERVFAIL");
      return found;
    });
    expect(backend.address).toBe("10.0.0.1");
    found = undefined;
    await until("no address", 2, () => (backend.address === undefined ? true : undefined));
    found = ["10.0.0.2"];
    expect(await until("the next address", 2, () => backend.address)).toBe("10.0.0.2");
  });
});

describe("the TCP door", () => {
  test("carries TCP and HTTP to the lab and back", async () => {
    await using lab = await startLab({ httpPort: 0, tcpPort: 0, udpPort: 0 });
    await using tcp = await openTcpDoor("127.0.0.1", 0, here("127.0.0.1"), lab.ports.tcp);
    await using http = await openTcpDoor("127.0.0.1", 0, here("127.0.0.1"), lab.ports.http);
    expect(await talk(tcp.port, "Hello TCP 7")).toBe("ACK-TCP");
    const answer = await fetch(`http://127.0.0.1:${http.port}/`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"n":7}',
    });
    expect(await answer.json()).toEqual({ status: "received" });
  });

  test("carries a megabyte each way unharmed", async () => {
    const bytes = new Uint8Array(1 << 20).map((_, i) => i * 31);
    await using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => new Response(request.body) });
    await using door = await openTcpDoor("127.0.0.1", 0, here("127.0.0.1"), server.port ?? 0);
    const answer = await fetch(`http://127.0.0.1:${door.port}/`, { method: "POST", body: bytes });
    expect(Bun.hash(await answer.arrayBuffer())).toBe(Bun.hash(bytes));
  });

  test("closes where no lab is, and breaks where the lab's port is closed", async () => {
    await using nowhere = await openTcpDoor("127.0.0.1", 0, here(undefined), 1);
    expect(await talk(nowhere.port, "x")).toBeOneOf(["", "reset"]);
    const gone = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    gone.stop(true);
    await using door = await openTcpDoor("127.0.0.1", 0, here("127.0.0.1"), gone.port);
    expect(await talk(door.port, "x")).toBeOneOf(["", "reset"]);
  });

  test("refuses a port that is taken", async () => {
    await using first = await openTcpDoor("127.0.0.1", 0, here(undefined), 1);
    expect(openTcpDoor("127.0.0.1", first.port, here(undefined), 1)).rejects.toThrow("EADDRINUSE");
  });
});

/** A UDP client that collects the texts it gets. */
async function udpClient() {
  const got: string[] = [];
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: (_, data) => void got.push(data.toString()), error() {} },
  });
  return { got, socket, [Symbol.dispose]: () => socket.close() };
}

describe("the UDP door", () => {
  test("carries the first datagrams, which come before its socket, and tells clients apart", async () => {
    await using lab = await startLab({ httpPort: 0, tcpPort: 0, udpPort: 0 });
    await using door = await openUdpDoor("127.0.0.1", 0, here("127.0.0.1"), lab.ports.udp);
    using one = await udpClient();
    using two = await udpClient();
    for (let i = 0; i < 3; i++) one.socket.send("Hello UDP 7", door.port, "127.0.0.1");
    two.socket.send("Hi", door.port, "127.0.0.1");
    await until("answers", 5, () => (one.got.length === 3 && two.got.length === 1 ? true : undefined));
    expect(one.got).toEqual(["ACK-UDP", "ACK-UDP", "ACK-UDP"]);
    expect(two.got).toEqual(["AC"]);
  });

  test("outlives a lab that is away, and leads to the one that comes back", async () => {
    let address: string | undefined = "127.0.0.1";
    const backend: Backend = {
      get address() {
        return address;
      },
      [Symbol.dispose]() {},
    };
    const first = await startLab({ httpPort: 0, tcpPort: 0, udpPort: 0 });
    await using door = await openUdpDoor("127.0.0.1", 0, backend, first.ports.udp);
    using client = await udpClient();
    const ask = () => client.socket.send("Hello UDP 7", door.port, "127.0.0.1");
    ask();
    await until("an answer", 5, () => (client.got.length === 1 ? true : undefined));
    await first.stop();
    ask(); // refused by the kernel: nobody listens
    ask(); // takes the error of the one before
    address = undefined;
    ask(); // nowhere to go
    await using _second = await startLab({ httpPort: 0, tcpPort: 0, udpPort: first.ports.udp });
    address = "127.0.0.1";
    await until("an answer of the second lab", 5, () => {
      ask();
      return client.got.length > 1 ? true : undefined;
    });
    expect(new Set(client.got)).toEqual(new Set(["ACK-UDP"]));
  });
});

describe("the door's command", () => {
  const door = (...words: readonly string[]) => run(["bun", "scripts/door.ts", ...words]);

  test("refuses bad flags with status 2 and one line", () => {
    expect(door()).toEqual({
      status: 2,
      output: "door: --target: missing; allowed: the name or IPv4 address of a lab\n",
    });
    expect(door("--target=127.0.0.1", "--udp-port=70000")).toEqual({
      status: 2,
      output: "door: --udp-port=70000: not allowed; allowed: a port from 0 to 65535\n",
    });
    const { status, output } = door("--traget=lab");
    expect([status, output.trimEnd().split("\n").length]).toEqual([2, 1]);
    expect(output).toContain("--traget");
  });

  test("names a port that is taken, with status 1", () => {
    using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const { status, output } = door("--target=127.0.0.1", "--http-port=0", `--tcp-port=${taken.port}`);
    expect(status).toBe(1);
    expect(output).toStartWith(`door: TCP port ${taken.port} on 127.0.0.1: `);
  });
});
