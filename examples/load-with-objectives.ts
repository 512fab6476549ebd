/**
 * A load run with objectives, for a pipeline: sends 1,000 packets to a UDP target, prints whether each objective is met,
 * and exits with status 0 if all are, 1 if one is missed, 3 if nothing was answered.
 *
 *     bun run dev                                           # a target: the lab, in another terminal
 *     bun examples/load-with-objectives.ts 127.0.0.1:7000
 */
import { runLoad } from "wirelab";

const [target = "127.0.0.1:7000"] = process.argv.slice(2);
const run = runLoad({
  protocol: "udp",
  target,
  rate: 500,
  count: 1000,
  timeout: 0.5,
  objectives: ["p50<100ms", "p99<500ms", "loss<5%"],
});

for await (const { seconds, sent, answered } of run) {
  console.error(`${seconds.toFixed(1)} s: ${sent} sent, ${answered} answered`);
}

const { objectives, packets, verdict } = await run.report;
console.log(`${packets.sent} sent, ${packets.answered} answered, ${packets.lost} lost`);
for (const { text, met, value, note } of objectives) {
  console.log(`${met ? "met" : "missed"}: ${text} (measured: ${value ?? "nothing"})${note ? `, ${note}` : ""}`);
}
for (const reason of verdict.reasons) console.error(`not reliable: ${reason}`);

const allMet = objectives.every(({ met }) => met);
process.exitCode = packets.answered === 0 ? 3 : allMet ? 0 : 1;
