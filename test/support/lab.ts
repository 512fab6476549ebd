/** Starts a lab for one test. */
import { type Lab, type LabOptions, startLab } from "../../src/lab.ts";

/** Starts a lab on free ports of the loopback interface; `await using` closes it. */
export function startTestLab(options: LabOptions = {}): Promise<Lab> {
  return startLab({ httpPort: 0, tcpPort: 0, udpPort: 0, ...options });
}

/** The URL of one of the lab's HTTP routes. */
export function urlOf(lab: Lab, path = ""): string {
  return `http://127.0.0.1:${lab.ports.http}${path}`;
}
