/** Starts the relays of the benchmarks: wirelab's and other programs, each in front of the same port. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuMicrosOf, serverOf } from "./processes.ts";

/** A relay that runs. */
export interface RelayPeer extends Disposable {
  readonly port: number;
  /** Processor time so far, user and system, of all its processes, µs. */
  cpuMicros(): number;
}

/** The programs by name, with the commands that install them. One thread each, except Toxiproxy. */
export const RELAY_PROGRAMS = {
  haproxy: "apt-get install haproxy",
  nginx: "apt-get install nginx-light libnginx-mod-stream",
  socat: "apt-get install socat",
  "toxiproxy-server": "go install github.com/Shopify/toxiproxy/v2/cmd/server@latest, renamed",
} as const;
/** One of them. */
export type RelayProgram = keyof typeof RELAY_PROGRAMS;

/** The path of a program, which Debian can have in /usr/sbin; null if it is not installed. */
export function programOf(name: RelayProgram): string | null {
  return Bun.which(name, { PATH: `${process.env.PATH}:/usr/sbin` });
}

/** A port that was free a moment ago. */
function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  listener.stop(true);
  return listener.port;
}

const haproxyConfig = (port: number, upstream: number) => `
global
  nbthread 1
  maxconn 5000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
listen relay
  bind 127.0.0.1:${port}
  server upstream 127.0.0.1:${upstream}
`;

const nginxConfig = (port: number, upstream: number, folder: string) => `
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
worker_processes 1;
master_process off;
daemon off;
pid ${folder}/pid;
error_log ${folder}/log;
events { worker_connections 4096; }
stream {
  server { listen 127.0.0.1:${port}; tcp_nodelay on; proxy_pass 127.0.0.1:${upstream}; }
}
`;

/** The command that runs a program as a relay; `folder` has its files. */
function commandOf(name: RelayProgram, path: string, port: number, upstream: number, folder: string): string[] {
  const config = join(folder, "config");
  switch (name) {
    case "haproxy":
      writeFileSync(config, haproxyConfig(port, upstream));
      return [path, "-f", config, "-db", "-q"];
    case "nginx":
      writeFileSync(config, nginxConfig(port, upstream, folder));
      return [path, "-c", config];
    case "socat":
      return [
        path,
        `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr,nodelay,backlog=256`,
        `TCP:127.0.0.1:${upstream},nodelay`,
      ];
    case "toxiproxy-server": {
      const proxy = { name: "bench", listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${upstream}`, enabled: true };
      writeFileSync(config, JSON.stringify([proxy]));
      return [path, "-port", `${freePort()}`, "-config", config];
    }
  }
}

/** Resolves when a port accepts connections. */
async function accepts(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      (await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } })).end();
      return;
    } catch {
      await Bun.sleep(25);
    }
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** Microseconds of a clock tick of /proc. */
const TICK_MICROS = 10_000;

/** Processor time of the children of a process, those that have ended included, µs. */
function childrenMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  const ended = (Number(fields[13]) + Number(fields[14])) * TICK_MICROS; // cutime and cstime
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  return children.reduce((sum, child) => {
    try {
      return sum + cpuMicrosOf(Number(child));
    } catch {
      return sum; // it has ended meanwhile
    }
  }, ended);
}

/** Starts a program as a TCP relay in front of a port of this machine. */
export async function startProgram(name: RelayProgram, upstream: number): Promise<RelayPeer> {
  const path = programOf(name);
  if (path === null) throw new Error(`${name} is not installed: ${RELAY_PROGRAMS[name]}`);
  const folder = mkdtempSync(join(tmpdir(), "wirelab-"));
  const port = freePort();
  const child = Bun.spawn(commandOf(name, path, port, upstream, folder), { stdout: "ignore", stderr: "ignore" });
  await accepts(port);
  return {
    port,
    cpuMicros: () => cpuMicrosOf(child.pid) + childrenMicros(child.pid),
    [Symbol.dispose]() {
      child.kill();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Starts wirelab's relay in front of a port of this machine; `root` is the checkout. */
export function startRelay(protocol: "tcp" | "udp", upstream: number, root?: string): Promise<RelayPeer> {
  return serverOf("relay-process", [protocol, `${upstream}`], root);
}
