/** The library example of the README, with the package imported by its name. */
import { expect, test } from "bun:test";
import { runLoad, startLab } from "wirelab";

test("startLab and runLoad of the package `wirelab` report every packet as answered", async () => {
  await using lab = await startLab({ httpPort: 0, tcpPort: 0, udpPort: 0 });
  const { target, control } = { target: `127.0.0.1:${lab.ports.udp}`, control: `127.0.0.1:${lab.ports.http}` };
  const report = await runLoad({ protocol: "udp", target, control, rate: 200, duration: 1 }).report;
  expect(report.packets).toMatchObject({ sent: 200, answered: 200, lost: 0 });
});
