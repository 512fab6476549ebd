/** The compose stack under test, with a project name and ports of its own. */

import { byProtocol, PORT_PROTOCOLS } from "../../../src/base/protocol.ts";
import { SETTINGS } from "../../../src/config.ts";
import { freePort } from "../../support/free-port.ts";
import { until } from "../wait.ts";
import type { Engine } from "./engine.ts";
import type { Ended, Shell } from "./shell.ts";

/** The services that the test starts. Grafana's files are tested in dashboards.test.ts. */
export const SERVICES = ["lab", "relay", "traffic", "prometheus"] as const;

/** The token of control requests from outside the containers. */
export const TOKEN = "a-token-for-the-test";

/** A compose stack. */
export class Stack {
  /** The published ports of the lab. */
  readonly ports = byProtocol(freePort);
  readonly #prometheusPort = freePort();
  readonly shell: Shell;
  readonly #compose: readonly string[];

  constructor(engine: Engine, project: string, commit: string) {
    this.#compose = [...engine.compose, "--project-name", project];
    this.shell = engine.shell.with({
      WIRELAB_TAG: project,
      WIRELAB_COMMIT: commit,
      WIRELAB_TOKEN: TOKEN,
      ...Object.fromEntries(
        PORT_PROTOCOLS.map((protocol) => [SETTINGS[`${protocol}Port`].variable, `${this.ports[protocol]}`]),
      ),
      PROMETHEUS_PORT: String(this.#prometheusPort),
    });
  }

  /** Runs compose, with additional variables. */
  compose(words: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return this.shell.with(variables).run(...this.#compose, ...words);
  }

  /** Runs compose; throws if it fails. */
  async must(...words: readonly string[]): Promise<string> {
    const { status, output } = await this.compose(words);
    if (status !== 0) throw new Error(`compose ${words.join(" ")} ended with ${status}:\n${output}`);
    return output;
  }

  /** The ids of the containers of a service, including stopped ones. */
  async containers(service: string): Promise<readonly string[]> {
    const listed = await this.must("ps", "--all", "--quiet", service);
    return listed.split("\n").filter((line) => /^[0-9a-f]{12,}$/.test(line));
  }

  /** One value of `docker inspect`. */
  inspect(container: string, template: string): Promise<string> {
    return this.shell.read("docker", "inspect", "--format", template, container);
  }

  /** Waits until every container of every service is healthy. */
  async healthy(seconds: number): Promise<void> {
    for (const service of SERVICES) {
      await until(`${service} to be healthy`, seconds, async () => {
        const containers = await this.containers(service);
        const states = await Promise.all(containers.map((id) => this.inspect(id, "{{.State.Health.Status}}")));
        return states.length > 0 && states.every((state) => state === "healthy") ? true : undefined;
      });
    }
  }

  /** The first value of an expression at a time (s since the Unix epoch, default now); undefined if it has none. */
  async query(expr: string, at?: number): Promise<number | undefined> {
    const time = at === undefined ? "" : `&time=${at}`;
    const url = `http://127.0.0.1:${this.#prometheusPort}/api/v1/query?query=${encodeURIComponent(expr)}${time}`;
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.status === 400) throw new Error(`${expr}: ${await answer.text()}`);
    if (!answer?.ok) return undefined;
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }; // the HTTP API of Prometheus
    const value = data.result[0]?.value[1];
    return value === undefined ? undefined : Number(value);
  }

  /** Waits until `isEnough` accepts the value of an expression; returns the value. */
  reaches(expr: string, seconds: number, isEnough: (value: number) => boolean): Promise<number> {
    return until(`${expr} to be as expected`, seconds, async () => {
      const value = await this.query(expr);
      return value !== undefined && isEnough(value) ? value : undefined;
    });
  }
}
