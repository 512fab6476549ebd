/** The API description at /swagger/json and its page: every route with schemas, examples and errors, without internet. */
import { describe, expect, test } from "bun:test";
import type { Lab } from "../../src/lab.ts";
import { SERVED_WITHOUT_TLS, startTestLab, urlOf } from "../support/lab.ts";

interface Content {
  readonly schema?: object;
  readonly example?: unknown;
}
interface Answer {
  readonly description?: string;
  readonly content?: Readonly<Record<string, Content>>;
}
interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema?: { readonly type?: string };
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, Answer>>;
}

async function descriptionOf(lab: Lab) {
  const description = await (await fetch(urlOf(lab, "/swagger/json"))).json();
  const paths = Object.entries(description.paths as Readonly<Record<string, Readonly<Record<string, Operation>>>>);
  const operations = paths.flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, name: `${method} ${path}`, operation })),
  );
  return { description, operations };
}

describe("the description", () => {
  test("has every route of the contract", async () => {
    await using lab = await startTestLab();
    const { operations } = await descriptionOf(lab);
    const names = operations.map(({ name }) => name);
    for (const name of [
      "post /",
      "post /echo",
      "get /status/{code}",
      "get /delay/{seconds}",
      "get /bytes/{n}",
      "get /metrics",
      "get /healthz",
      "get /readyz",
      "get /sessions/{ssid}",
      "get /impairments",
      "put /impairments",
      "delete /impairments",
      ...SERVED_WITHOUT_TLS.flatMap((protocol) => ["get", "put", "delete"].map((m) => `${m} /impairments/${protocol}`)),
    ]) {
      expect(names).toContain(name);
    }
    expect(names.filter((name) => name.includes("/swagger") || name.includes("/page/"))).toEqual([]);
  });

  test("has a summary, a tag, every parameter, and a schema and an example of every body, for each route", async () => {
    await using lab = await startTestLab();
    const { operations } = await descriptionOf(lab);
    const missing: string[] = [];
    const need = (isThere: unknown, what: string) => {
      if (!isThere) missing.push(what);
    };
    for (const { name, path, operation } of operations) {
      need(operation.summary, `${name}: a summary`);
      need(operation.tags?.length, `${name}: a tag`);
      for (const [status, { description, content = {} }] of Object.entries(operation.responses)) {
        need(description, `${name} ${status}: a description`);
        for (const [type, { schema, example }] of Object.entries(content)) {
          need(schema, `${name} ${status} ${type}: a schema`);
          if (type !== "application/octet-stream") need(example !== undefined, `${name} ${status} ${type}: an example`);
        }
        if (/^4\d\d$/.test(status)) need(content["application/json"], `${name} ${status}: the error's schema`);
      }
      need(
        Object.keys(operation.responses).some((status) => /^(101|2..|default)$/.test(status)),
        `${name}: a success`,
      );
      for (const [type, { schema, example }] of Object.entries(operation.requestBody?.content ?? {})) {
        need(schema, `${name} ${type}: the body's schema`);
        need(example !== undefined, `${name} ${type}: the body's example`);
      }
      for (const [, parameter] of path.matchAll(/\{(\w+)\}/g)) {
        const described = operation.parameters?.filter((other) => other.name === parameter) ?? [];
        need(described.length === 1 && described[0]?.schema?.type, `${name}: the type of ${parameter}`);
        need(operation.responses["400"] ?? operation.responses["404"], `${name}: the response to a wrong ${parameter}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test("has the responses 401 and 403 for each route that changes state", async () => {
    await using lab = await startTestLab();
    const { operations } = await descriptionOf(lab);
    const changing = operations.filter(({ method, path }) => method !== "get" && !["/", "/echo"].includes(path));
    expect(changing.length).toBeGreaterThanOrEqual(8);
    for (const { name, operation } of changing) {
      expect([name, Object.keys(operation.responses).filter((status) => status === "401" || status === "403")]).toEqual(
        [name, ["401", "403"]],
      );
    }
  });

  test("has examples of faults that the lab accepts unchanged", async () => {
    await using lab = await startTestLab();
    const { operations } = await descriptionOf(lab);
    for (const { path, method, name, operation } of operations.filter(({ path }) => path.startsWith("/impairments"))) {
      if (method !== "put") continue;
      for (const [type, { example }] of Object.entries(operation.requestBody?.content ?? {})) {
        const body = typeof example === "string" ? example : JSON.stringify(example);
        const response = await fetch(urlOf(lab, path), { method: "PUT", body, headers: { "content-type": type } });
        expect([name, type, response.status]).toEqual([name, type, 200]);
      }
    }
  });
});

describe("the page", () => {
  /** The URLs of another host that a text loads; those in comments and namespaces load nothing. */
  const loadsElsewhere = (text: string) =>
    [...text.matchAll(/(?:src|href)\s*=\s*["']?((?:https?:)?\/\/[^"'\s>]+)|@import\s+url\(["']?(https?:[^"')]+)/g)].map(
      ([, source, style]) => source ?? style,
    );

  test("loads its scripts, its style sheet and the description from the lab", async () => {
    await using lab = await startTestLab();
    const page = await (await fetch(urlOf(lab, "/swagger"))).text();
    expect(loadsElsewhere(page)).toEqual([]);
    const [, script = ""] = /<script src="([^"]+)"/.exec(page) ?? [];
    expect(script).toBe("/swagger/start.js");
    const start = await (await fetch(urlOf(lab, script))).text();
    const paths = [...start.matchAll(/"(\/[\w./-]+)"/g)].map(([, path = ""]) => path);
    expect(paths).toEqual([
      "/swagger/swagger-ui.css",
      "/swagger/start.css",
      "/swagger/swagger-ui-bundle.js",
      "/swagger/json",
    ]);
    expect(start).not.toMatch(/https?:/);
    for (const [path, type] of [
      [script, /javascript/],
      ["/swagger/swagger-ui.css", /^text\/css/],
      ["/swagger/start.css", /^text\/css/],
      ["/swagger/swagger-ui-bundle.js", /javascript/],
      ["/swagger/json", /^application\/json/],
    ] as const) {
      const response = await fetch(urlOf(lab, path));
      expect([path, response.status]).toEqual([path, 200]);
      expect(response.headers.get("content-type")).toMatch(type);
      expect((await response.text()).length).toBeGreaterThan(100);
    }
    const style = await (await fetch(urlOf(lab, "/swagger/swagger-ui.css"))).text();
    expect(loadsElsewhere(style)).toEqual([]);
  });
});
