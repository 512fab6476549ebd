/** Starts a lab for one test. */
import { PROTOCOLS } from "../../src/base/protocol.ts";
import { type Lab, type LabOptions, startLab } from "../../src/lab.ts";

/** Options that select a free port for each protocol. */
export const FREE_PORTS: LabOptions = Object.fromEntries(PROTOCOLS.map((protocol) => [`${protocol}Port`, 0]));

/** Starts a lab on free ports of the loopback interface; `await using` closes it. */
export function startTestLab(options: LabOptions = {}): Promise<Lab> {
  return startLab({ ...FREE_PORTS, ...options });
}

/** The URL of one of the lab's HTTP routes, on an IPv4 address of the loopback interface. */
export function urlOf(lab: Lab, path = ""): string {
  const host = lab.host.startsWith("127.") ? lab.host : "127.0.0.1";
  return `http://${host}:${lab.ports.http}${path}`;
}
