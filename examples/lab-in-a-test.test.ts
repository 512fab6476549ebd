/**
 * A lab in a test of your own: a client that retries, tested against a server that drops half of all requests. The seed
 * selects which requests are dropped, so the test has the same result every time.
 *
 *     bun test ./examples/lab-in-a-test.test.ts
 */
import { expect, test } from "bun:test";
import { type Lab, parseImpairments, startLab } from "wirelab";

/** The code under test: posts until the server accepts, and returns the number of attempts. */
async function postWithRetries(url: string, mostAttempts: number): Promise<number> {
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    const response = await fetch(url, { method: "POST", body: '{"message":"Hello"}' });
    if (response.ok) return attempt;
  }
  throw new Error(`not accepted in ${mostAttempts} attempts`);
}

/** Starts a lab on free ports, with these faults. */
function startLabWith(faults: string): Promise<Lab> {
  return startLab({ httpPort: 0, tcpPort: 0, udpPort: 0, impair: parseImpairments(faults), seed: 7 });
}

test("retries until the server accepts", async () => {
  await using lab = await startLabWith("http:drop=0.5");
  const url = `http://127.0.0.1:${lab.ports.http}/`;
  const attempts = [];
  for (let message = 0; message < 5; message++) attempts.push(await postWithRetries(url, 10));
  expect(attempts).toEqual([1, 1, 2, 3, 1]);
});

test("gives up on a server that drops everything, after as many requests as allowed", async () => {
  await using lab = await startLabWith("http:drop=1");
  const url = `http://127.0.0.1:${lab.ports.http}/`;
  await expect(postWithRetries(url, 3)).rejects.toThrow("not accepted in 3 attempts");
  const metrics = await (await fetch(`${url}metrics`)).text();
  expect(metrics).toContain('dropped_packets_total{protocol="http"} 3');
});
