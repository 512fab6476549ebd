import { expect, test } from "bun:test";
import { trafficOf } from "../support/clients.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { request } from "./support.ts";

test("requests to control routes are not packets", async () => {
  await using lab = await startTestLab();
  const paths = ["/healthz", "/readyz", "/metrics", "/impairments", "/sessions/1", "/rights", "/history", "/runs"];
  for (const path of [...paths, "/swagger/json"]) {
    expect([path, (await request(urlOf(lab, path))).status]).toEqual([path, 200]);
  }
  const { packets, answered, receivedBytes } = await trafficOf(lab, "http");
  expect([packets, answered, receivedBytes]).toEqual([0, 0, 0]);
});
