/** Checks of the image: its contents, start, stop and errors. */
import { engines, version } from "../../../package.json";
import { PORT_PROTOCOLS, REGISTRY } from "../../../src/base/protocol.ts";
import { freePort } from "../../support/free-port.ts";
import { until } from "../wait.ts";
import { expectEqual, expectThat, type Report } from "./report.ts";
import type { Stack } from "./stack.ts";

const MIB = 1024 * 1024;

/** Runs a container to its end; returns its exit status and its output. */
function runOnce(stack: Stack, image: string, ...words: readonly string[]) {
  return stack.shell.run("docker", "run", "--rm", ...words.slice(0, -1), image, ...(words.at(-1) ?? "").split(" "));
}

/** Checks the image of the stack. */
export async function checkImage(stack: Stack, report: Report, image: string, commit: string): Promise<void> {
  await report.check("the image has labels for version and commit, a user, ports and a health check", async () => {
    const inspect = (template: string) => stack.inspect(image, template);
    expectEqual(await inspect('{{index .Config.Labels "org.opencontainers.image.version"}}'), version);
    expectEqual(await inspect('{{index .Config.Labels "org.opencontainers.image.revision"}}'), commit);
    expectEqual(await inspect("{{.Config.User}}"), "bun");
    const ports = PORT_PROTOCOLS.map((protocol) => `${REGISTRY[protocol].port}/${REGISTRY[protocol].transport}`);
    expectEqual(Object.keys(JSON.parse(await inspect("{{json .Config.ExposedPorts}}"))), ports.toSorted());
    expectThat((await inspect("{{json .Config.Healthcheck.Test}}")).includes("/readyz"), "no health check on /readyz");
  });

  await report.check("the image is less than 40 MiB larger than its base", async () => {
    const bytes = async (of: string) => Number(await stack.inspect(of, "{{.Size}}"));
    const over = ((await bytes(image)) - (await bytes(`oven/bun:${engines.bun}-slim`))) / MIB;
    report.figure("image over its base", `${over.toFixed(1)} MiB`);
    expectThat(over < 40, `${over} MiB over the base`);
    const { output } = await runOnce(
      stack,
      image,
      "--entrypoint",
      "find",
      "/home /root /tmp -xdev -not -path */node_modules/*",
    );
    const found = output
      .split("\n")
      .filter((path) => /\/(test|tests|\.bun|\.cache|\.git)(\/|$)|\.test\.ts$|dashboards/.test(path));
    expectEqual(found, []);
  });

  await report.check("an invalid configuration ends it with status 2 and one line", async () => {
    const { status, output } = await runOnce(stack, image, "--env", "WIRELAB_IMPAIR=udp:dorp=1", "bun src/main.ts");
    expectEqual(status, 2);
    expectEqual(output.trimEnd().split("\n").length, 1);
    expectThat(output.includes("WIRELAB_IMPAIR"), output);
    return output.trimEnd();
  });

  await report.check("a port in use ends it with status 1 and one line that names the port", async () => {
    const { status, output } = await runOnce(stack, image, "bun src/main.ts --tcp-port 5000");
    expectEqual(status, 1);
    expectEqual(output.trimEnd().split("\n").length, 1);
    expectThat(output.includes("port 5000"), output);
    return output.trimEnd();
  });

  await report.check("it runs on a read-only root, writes no file, and stops within 2 s with status 0", async () => {
    const port = freePort();
    const flags = ["--detach", "--read-only", "--cap-drop", "ALL", "--publish", `127.0.0.1:${port}:5000`];
    const id = await stack.shell.read("docker", "run", ...flags, image);
    try {
      const page = () => fetch(`http://127.0.0.1:${port}/readyz`).then((answer) => answer.ok || undefined);
      await until("the lab to be ready", 10, () => page().catch(() => undefined));
      for (const path of ["/", "/swagger", "/metrics"]) {
        expectEqual((await fetch(`http://127.0.0.1:${port}${path}`)).status, 200);
      }
      expectEqual(await stack.shell.read("docker", "diff", id), "");
      const startedAt = performance.now();
      await stack.shell.read("docker", "stop", id);
      const seconds = (performance.now() - startedAt) / 1000;
      report.figure("docker stop", `${seconds.toFixed(2)} s`);
      expectEqual(await stack.inspect(id, "{{.State.ExitCode}}"), "0");
      expectThat(seconds < 2, `it took ${seconds} s`);
    } finally {
      await stack.shell.run("docker", "rm", "--force", id);
    }
  });
}
