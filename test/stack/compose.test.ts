import { describe, expect, test } from "bun:test";
import { engines, version } from "../../package.json";
import { PORT_PROTOCOLS, REGISTRY } from "../../src/base/protocol.ts";
import { SETTINGS } from "../../src/config.ts";
import { list, program, read, readYaml, run, type Tree, text, tree } from "./files.ts";

const compose = program("docker-compose", "the check of compose.yml by docker-compose 1.29");

async function services(): Promise<readonly (readonly [string, Tree])[]> {
  const file = await readYaml("compose.yml");
  return Object.entries(tree(file.services)).map(([name, service]) => [name, tree(service)] as const);
}

describe("compose.yml", () => {
  test.skipIf(!compose)("docker-compose reads it", () => {
    expect(run([compose ?? "", "config", "--quiet"])).toEqual({ status: 0, output: "" });
  });

  test("has only top-level keys that docker-compose 1.29 and Compose v2 both read", async () => {
    const file = await readYaml("compose.yml");
    expect(Object.keys(file).filter((key) => !key.startsWith("x-"))).toEqual(["services", "volumes"]);
  });

  test("publishes on loopback only, with a variable for each host port and the contract's port as its default", async () => {
    const ports = (await services()).flatMap(([, service]) => list(service.ports).map(text));
    const published = ports.map((port) => /^127\.0\.0\.1:\$\{\w+:-(\d+)\}:\1(\/udp)?$/.exec(port)?.[1]);
    const labPorts = PORT_PROTOCOLS.map((protocol) => `${REGISTRY[protocol].port}`);
    expect(published).toEqual([...labPorts, "9090", "3000"]);
  });

  test("publishes and exposes the port of every protocol, with its transport and the lab's variable", async () => {
    const relay = tree((await services()).find(([name]) => name === "relay")?.[1]);
    const expected = PORT_PROTOCOLS.map((protocol) => {
      const { port, transport } = REGISTRY[protocol];
      const suffix = transport === "udp" ? "/udp" : "";
      return `127.0.0.1:\${${SETTINGS[`${protocol}Port`].variable}:-${port}}:${port}${suffix}`;
    });
    expect(list(relay.ports).map(text)).toEqual(expected);
    const exposed = /^EXPOSE (.*)$/m.exec(await read("Dockerfile"))?.[1];
    expect(exposed).toBe(
      PORT_PROTOCOLS.map((protocol) => `${REGISTRY[protocol].port}/${REGISTRY[protocol].transport}`).join(" "),
    );
  });

  test("keeps the runs and the certificates of the lab in a volume, and the certificate has the service's name", async () => {
    const [name, lab] = (await services()).find(([name]) => name === "lab") ?? [];
    expect(tree(lab?.environment).WIRELAB_DATA).toBe("/data/runs.sqlite");
    expect(list(lab?.volumes)).toEqual(["lab-data:/data"]);
    expect(lab?.hostname).toBe(name);
    expect(await read("Dockerfile")).toContain("--owner=bun --group=bun --mode=0700 /data\n");
  });

  test("allows scaling of lab: it has no published port and no container name", async () => {
    const [, lab] = (await services()).find(([name]) => name === "lab") ?? [];
    expect(lab?.ports).toBeUndefined();
    expect(lab?.container_name).toBeUndefined();
  });

  test("pins the version of each image as the default of a variable", async () => {
    const images = new Set((await services()).map(([, service]) => text(service.image)));
    for (const image of images) expect(image).toMatch(/^[\w/]+:\$\{\w+:-(local|v?\d+\.\d+\.\d+)\}$/);
    expect(images.size).toBe(3);
  });

  test("runs each service without privileges, with a read-only root, a memory limit and limited restarts", async () => {
    for (const [, service] of await services()) {
      expect(service.privileged).toBeUndefined();
      expect(service.cap_add).toBeUndefined();
      expect(service.cap_drop).toEqual(["ALL"]);
      expect(service.security_opt).toEqual(["no-new-privileges:true"]);
      expect(service.read_only).toBe(true);
      expect(text(service.mem_limit)).toMatch(/^\d+[mg]$/);
      expect(service.restart).toBe("on-failure:3");
    }
  });

  test("keeps the data of the lab, Prometheus and Grafana in named volumes", async () => {
    const file = await readYaml("compose.yml");
    expect(Object.keys(tree(file.volumes))).toEqual(["lab-data", "prometheus-data", "grafana-data"]);
  });

  test("runs the classroom faults and one packet per second without end by default", async () => {
    const source = await read("compose.yml");
    expect(source).toMatch(/WIRELAB_IMPAIR: \$\{WIRELAB_IMPAIR:-classroom\}/);
    expect(source).toMatch(/--rate=\$\{WIRELAB_RATE:-1\}/);
    expect(source).toContain("--duration=forever");
    expect(source).toMatch(/--proto=\$\{WIRELAB_PROTO:-all\}/);
  });

  test("the traffic client trusts the lab's authority", async () => {
    const traffic = tree((await services()).find(([name]) => name === "traffic")?.[1]);
    expect(tree(traffic.environment).NODE_EXTRA_CA_CERTS).toBe("/data/tls/ca.pem");
    expect(list(traffic.volumes)).toEqual(["lab-data:/data:ro"]);
  });
});

describe("Dockerfile", () => {
  test("has the versions of package.json", async () => {
    const source = await read("Dockerfile");
    expect(source).toContain(`ARG BUN_VERSION=${engines.bun}\n`);
    expect(source).toContain(`ARG VERSION=${version}\n`);
  });

  test("uses no external front end, installs only production dependencies, and runs as bun", async () => {
    const source = await read("Dockerfile");
    expect(source).not.toMatch(/^# *syntax=/m);
    expect(source).toContain("bun install --frozen-lockfile --production");
    expect(source).toContain("\nUSER bun\n");
  });

  test("copies only the files that run", async () => {
    const allowed = (await read(".dockerignore")).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(allowed).toEqual(["*", "!package.json", "!bun.lock", "!src", "!scripts/load.ts", "!scripts/relay.ts"]);
  });
});
