import { describe, expect, test } from "bun:test";
import { engines, version } from "../../package.json";
import { list, program, read, readYaml, run, type Tree, text, tree } from "./files.ts";

const compose = program("docker-compose", "the check of compose.yml by docker-compose 1.29");

async function services(): Promise<readonly (readonly [string, Tree])[]> {
  const file = await readYaml("compose.yml");
  return Object.entries(tree(file.services)).map(([name, service]) => [name, tree(service)] as const);
}

describe("compose.yml", () => {
  test.skipIf(!compose)("is read by docker-compose", () => {
    expect(run([compose ?? "", "config", "--quiet"])).toEqual({ status: 0, output: "" });
  });

  test("keeps to what docker-compose 1.29 and Compose v2 both read", async () => {
    const file = await readYaml("compose.yml");
    expect(Object.keys(file).filter((key) => !key.startsWith("x-"))).toEqual(["services", "volumes"]);
  });

  test("publishes on loopback only, every host port a variable with the contract's port as its default", async () => {
    const ports = (await services()).flatMap(([, service]) => list(service.ports).map(text));
    const published = ports.map((port) => /^127\.0\.0\.1:\$\{\w+:-(\d+)\}:\1(\/udp)?$/.exec(port)?.[1]);
    expect(published).toEqual(["5000", "6000", "7000", "9090", "3000"]);
  });

  test("lets lab be scaled: no port, no name of its own", async () => {
    const [, lab] = (await services()).find(([name]) => name === "lab") ?? [];
    expect(lab?.ports).toBeUndefined();
    expect(lab?.container_name).toBeUndefined();
  });

  test("pins each image, and leaves the version to a variable", async () => {
    const images = new Set((await services()).map(([, service]) => text(service.image)));
    for (const image of images) expect(image).toMatch(/^[\w/]+:\$\{\w+:-(local|v?\d+\.\d+\.\d+)\}$/);
    expect(images.size).toBe(3);
  });

  test("gives no service a privilege, each a read-only root, a limit and a restart policy that ends", async () => {
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

  test("keeps the data of Prometheus and Grafana in named volumes", async () => {
    const file = await readYaml("compose.yml");
    expect(Object.keys(tree(file.volumes))).toEqual(["prometheus-data", "grafana-data"]);
  });

  test("runs the classroom, and the client one packet a second for ever, unless told otherwise", async () => {
    const source = await read("compose.yml");
    expect(source).toMatch(/WIRELAB_IMPAIR: \$\{WIRELAB_IMPAIR:-classroom\}/);
    expect(source).toMatch(/--rate=\$\{WIRELAB_RATE:-1\}/);
    expect(source).toContain("--duration=forever");
  });
});

describe("Dockerfile", () => {
  test("has the versions of package.json", async () => {
    const source = await read("Dockerfile");
    expect(source).toContain(`ARG BUN_VERSION=${engines.bun}\n`);
    expect(source).toContain(`ARG VERSION=${version}\n`);
  });

  test("needs no front end from elsewhere, takes only production dependencies, and runs as bun", async () => {
    const source = await read("Dockerfile");
    expect(source).not.toMatch(/^# *syntax=/m);
    expect(source).toContain("bun install --frozen-lockfile --production");
    expect(source).toContain("\nUSER bun\n");
  });

  test("takes in nothing but what runs", async () => {
    const allowed = (await read(".dockerignore")).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(allowed).toEqual(["*", "!package.json", "!bun.lock", "!src", "!scripts/load.ts", "!scripts/door.ts"]);
  });
});
