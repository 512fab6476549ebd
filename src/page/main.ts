/** Puts the page together: one stream in, its parts beside each other. */

import type { HistoryDump, Snapshot } from "../live/shapes.ts";
import type { RunState } from "../runs/shapes.ts";
import { createFaults } from "./faults/faults.ts";
import { createLoad } from "./load/load.ts";
import { createFirstSteps } from "./now/first-steps.ts";
import { createNow } from "./now/now.ts";
import { createFlow } from "./packets/packets.ts";
import { createRuns } from "./runs/runs.ts";
import { ask, messageOf } from "./ui/api.ts";
import { byId, setText } from "./ui/dom.ts";
import { showRights } from "./ui/rights.ts";
import { Series } from "./ui/series.ts";
import { followLive } from "./ui/stream.ts";
import { startTheme } from "./ui/theme.ts";
import { ago } from "./ui/time.ts";

const now = createNow();
const faults = createFaults();
const flow = createFlow();
const load = createLoad();
const runs = createRuns(load.bound);
const firstSteps = createFirstSteps(load.start);
let series: Series | undefined;
let loading: Promise<void> | undefined;
let lastAt = 0;
let runsVersion = -1;
let isLive = false;

/** Loads the lab's own history: at the start, after another start of the lab, after a sleep. */
async function loadHistory(): Promise<void> {
  const dump = await ask<HistoryDump>("GET", "/history");
  const sameLab = series?.lab === dump.lab;
  series = new Series(dump);
  setText(byId("about"), `wirelab ${dump.version}`);
  now.show(series);
  if (!sameLab) {
    flow.reset(dump.flow);
    faults.refresh();
    rights();
    void runs.refresh();
    void load.refresh();
  }
}

function reload(): Promise<void> {
  loading ??= loadHistory()
    .catch((error) => notice(`The history cannot be loaded: ${messageOf(error)}`))
    .finally(() => {
      loading = undefined;
    });
  return loading;
}

function take(snapshot: Snapshot): void {
  lastAt = performance.now();
  now.snapshot(snapshot);
  firstSteps.snapshot(snapshot);
  faults.snapshot(snapshot);
  flow.add(snapshot.flow);
  if (runsVersion >= 0 && runsVersion !== snapshot.runsVersion) void runs.refresh();
  runsVersion = snapshot.runsVersion;
  if (series?.push(snapshot)) now.show(series);
  else void reload();
}

function notice(text: string): void {
  const box = byId("notice");
  box.hidden = text === "";
  setText(box, text);
}

function showState(): void {
  const state = byId("live");
  state.dataset.live = String(isLive);
  document.body.classList.toggle("not-live", !isLive);
  if (isLive) setText(state, "live");
  else setText(state, lastAt === 0 ? "connecting" : `not live, last news ${ago((performance.now() - lastAt) / 1000)}`);
  if (isLive) notice("");
  else if (lastAt > 0)
    notice("The lab does not answer. What you see is the last that it said; the page goes on as soon as it is back.");
}

function rights(): void {
  void showRights(() => {
    series = undefined; // who may see more now sees it of the past too
    void reload();
    stream.reopen();
  });
}

startTheme();
const stream = followLive({
  event(name, data) {
    if (name === "snapshot") take(JSON.parse(data) as Snapshot); // the lab's own stream, as its description says
    if (name === "run") load.show(JSON.parse(data) as RunState);
  },
  state(live) {
    isLive = live;
    showState();
  },
});
setInterval(showState, 1000);
rights();
void reload();
