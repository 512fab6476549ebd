/** `GET /` and the files of the page. */
import { describe, expect, test } from "bun:test";
import { bundlePage, type PageBundle, PageFiles } from "../../src/api/page.ts";
import { startTestLab } from "../support/lab.ts";

describe("the bundle", () => {
  test("has scripts under 160 KB, and no file refers to another host or has inline styles", async () => {
    const bundle = await bundlePage();
    const scripts = [...bundle].filter(([, { type }]) => type.includes("javascript"));
    expect(scripts.length).toBeGreaterThan(0);
    // 9 KB of them are the controls of each fault of a relay, their terms, and the parser of its faults.
    expect(scripts.reduce((sum, [, { plain }]) => sum + plain.size, 0)).toBeLessThan(160_000);
    for (const [path, { plain, type }] of bundle) {
      if (!/html|css/.test(type)) continue;
      const text = await plain.text();
      const foreign = text.matchAll(/(?:src|href)="(?:https?:)?\/\/[^"]*"|url\((?:https?:)?\/\/[^)]*\)|style="/g);
      expect([path, ...foreign]).toEqual([path]);
    }
  });

  test("has a gzip form of the texts, which unpacks to the plain form, and none of the font", async () => {
    const bundle = await bundlePage();
    const page = bundle.get("/");
    const zipped = await page?.zipped?.bytes();
    expect(zipped && Bun.gunzipSync(zipped)).toEqual(await page?.plain.bytes());
    expect(bundle.get("/page/inter.woff2")?.zipped).toBeUndefined();
  });
});

describe("a response", () => {
  test("with the page is checked by the browser for a newer one; with one of its files it is kept", async () => {
    await using lab = await startTestLab();
    const base = `http://127.0.0.1:${lab.ports.http}`;
    const page = await fetch(base);
    expect([page.status, page.headers.get("cache-control")]).toEqual([200, "no-cache"]);
    const [, script] = /src="(\/page\/[^"]+\.js)"/.exec(await page.text()) ?? [];
    const file = await fetch(`${base}${script}`);
    expect([file.status, file.headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"]);
  });

  test("allows resources of the lab only, and no frame of another site", async () => {
    await using lab = await startTestLab();
    const { headers } = await fetch(`http://127.0.0.1:${lab.ports.http}`);
    const policy = headers.get("content-security-policy")?.split("; ");
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) {
      expect(policy).toContain(rule);
    }
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("is compressed only for a client that accepts gzip", async () => {
    await using lab = await startTestLab();
    const encoding = async (accepted: string) => {
      const headers = { "accept-encoding": accepted };
      const response = await fetch(`http://127.0.0.1:${lab.ports.http}`, { headers, decompress: false });
      return response.headers.get("content-encoding");
    };
    expect([await encoding("gzip"), await encoding("identity")]).toEqual(["gzip", null]);
  });

  test("for a file that does not exist has status 404 and one line", async () => {
    await using lab = await startTestLab();
    const response = await fetch(`http://127.0.0.1:${lab.ports.http}/page/none.js`);
    expect([response.status, await response.json()]).toEqual([404, { error: "no such file; reload the page" }]);
  });
});

describe("PageFiles", () => {
  /** Files whose state the test changes, and the number of bundles made. */
  function setUp() {
    const state = { at: 1 as number | undefined, fails: false, isAllowed: true, made: 0 };
    const bundle = async (): Promise<PageBundle> => {
      state.made++;
      if (state.fails) throw new Error("a syntax error");
      return new Map();
    };
    const files = new PageFiles(
      bundle,
      () => state.at,
      () => state.isAllowed,
    );
    return { state, files };
  }

  test("bundles once for any number of requests, and again after a change", async () => {
    const { state, files } = setUp();
    const [first, second] = await Promise.all([files.current(), files.current()]);
    expect(first).toBe(second as PageBundle);
    await files.current();
    expect(state.made).toBe(1);
    state.at = 2;
    expect(await files.current()).not.toBe(first as PageBundle);
    expect(state.made).toBe(2);
  });

  test("does not keep a failure", async () => {
    const { state, files } = setUp();
    state.fails = true;
    await expect(files.current()).rejects.toThrow("a syntax error");
    state.fails = false;
    expect((await files.current()).size).toBe(0);
  });

  test("returns the previous bundle while files cannot be read or few descriptors are free", async () => {
    const { state, files } = setUp();
    state.isAllowed = false;
    await expect(files.current()).rejects.toThrow("too few file descriptors are free");
    state.isAllowed = true;
    const first = await files.current();
    state.at = undefined;
    expect(await files.current()).toBe(first);
    state.at = 2;
    state.isAllowed = false;
    expect(await files.current()).toBe(first);
    expect(state.made).toBe(1);
  });
});
