/** A Prometheus process with the project's configuration, of which only the targets are changed. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../support/free-port.ts";
import { list, read, type Tree, tree, type Value } from "./files.ts";
import { until } from "./wait.ts";

/** One series of a result: its labels and its value. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A running Prometheus. */
export interface Prometheus {
  /** The current value of `expr`; throws with the error of Prometheus if it cannot be evaluated. */
  query(expr: string): Promise<readonly Sample[]>;
  /** The `data` of the response of `/api/v1/PATH`. */
  api(path: string): Promise<Tree>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** prometheus.yml with the given targets instead of those of each job. */
function withTargets(config: string, targets: Readonly<Record<string, readonly string[]>>): string {
  const jobs = config.split(/(?=^ {2}- job_name: )/m);
  const rewritten = jobs.map((job) => {
    const name = /job_name: (\S+)/.exec(job)?.[1];
    const own = name === undefined ? undefined : targets[name];
    if (own === undefined) return job;
    const head = job.slice(0, job.search(/^ {4}(dns_sd_configs|static_configs):/m));
    return `${head}    static_configs:\n      - targets: [${own.map((target) => `"${target}"`).join(", ")}]\n\n`;
  });
  return rewritten.join("");
}

function sample(value: Value): Sample {
  const { metric, value: pair } = tree(value);
  const labels = Object.fromEntries(Object.entries(tree(metric)).map(([name, label]) => [name, String(label)]));
  return { labels, value: Number(list(pair)[1]) };
}

/** Starts `binary` on a free port and waits until it is ready. */
export async function startPrometheus(
  binary: string,
  targets: Readonly<Record<string, readonly string[]>>,
): Promise<Prometheus> {
  const directory = await mkdtemp(join(tmpdir(), "wirelab-prometheus-"));
  const port = freePort();
  const own = { ...targets, prometheus: [`127.0.0.1:${port}`] };
  await Bun.write(join(directory, "prometheus.yml"), withTargets(await read("prometheus.yml"), own));
  await Bun.write(join(directory, "prometheus.rules.yml"), await read("prometheus.rules.yml"));
  const command = [
    binary,
    `--config.file=${directory}/prometheus.yml`,
    `--storage.tsdb.path=${directory}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const process = Bun.spawn(command, { stdout: "ignore", stderr: Bun.file(join(directory, "log")) });
  const url = `http://127.0.0.1:${port}`;

  async function api(path: string): Promise<Tree> {
    const answer = await fetch(`${url}/api/v1/${path}`);
    const body: Value = await answer.json();
    const { status, error, data } = tree(body);
    if (status !== "success") throw new Error(String(error));
    return tree(data);
  }

  await until("Prometheus to be ready", 20, async () => {
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    return answer?.ok ? true : undefined;
  });
  return {
    api,
    async query(expr) {
      const { result } = await api(`query?query=${encodeURIComponent(expr)}`);
      return list(result).map(sample);
    },
    async [Symbol.asyncDispose]() {
      process.kill();
      await process.exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
