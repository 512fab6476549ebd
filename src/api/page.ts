/** `GET /`: the live page, bundled from src/page before the lab listens and again after a file has changed. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Elysia } from "elysia";
import { lowestFreeDescriptor, mostDescriptors, spareDescriptors } from "../base/descriptors.ts";
import type { Log } from "../base/log.ts";
import { PAGE_DOCS } from "./live-description.ts";

const SOURCE = join(import.meta.dir, "..", "page");
/** The path below which the page's files are served. */
const PREFIX = "/page/";
/** The page's font, which is not part of the bundle: the bundler would inline it into the style sheet. */
const FONT = `${PREFIX}inter.woff2`;
const FONT_FILE = "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2";

/** Allows resources of the lab's own origin only, no inline code, and no frame of another site. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Compresses in another thread: of the largest file it takes 20 ms. */
const zip = promisify(gzip);

/** One file of the page as it is sent. */
interface Asset {
  readonly type: string;
  /** A Blob, because responses that are not read share its octets. */
  readonly plain: Blob;
  /** The gzip form; absent unless it is at least 10 % smaller. */
  readonly zipped?: Blob;
}

/** The page's files by their paths; `/` is the HTML. */
export type PageBundle = ReadonlyMap<string, Asset>;

async function asset(type: string, plain: Uint8Array<ArrayBuffer>): Promise<Asset> {
  const zipped = await zip(plain);
  const shared = { type, plain: new Blob([plain]) };
  return zipped.length < plain.length * 0.9 ? { ...shared, zipped: new Blob([zipped]) } : shared;
}

/** Bundles the page. Throws AggregateError if a file cannot be read or parsed. */
export async function bundlePage(): Promise<PageBundle> {
  const { outputs } = await Bun.build({
    entrypoints: [join(SOURCE, "index.html")],
    target: "browser",
    minify: true,
    publicPath: PREFIX,
    naming: { entry: "[name].[ext]", chunk: "[name]-[hash].[ext]", asset: "[name]-[hash].[ext]" },
    loader: { ".svg": "file" },
    external: ["*.woff2"],
  });
  const files = outputs.map(async (output): Promise<[string, Asset]> => {
    const name = output.path.replace(/^\.?\//, "");
    const path = name === "index.html" ? "/" : PREFIX + name;
    return [path, await asset(output.type, new Uint8Array(await output.arrayBuffer()))];
  });
  const font = await asset("font/woff2", await Bun.file(require.resolve(FONT_FILE)).bytes());
  return new Map([...(await Promise.all(files)), [FONT, font]]);
}

/** The latest modification time of the page's files, ms since the Unix epoch; undefined if they cannot be read. */
function changedAt(): number | undefined {
  try {
    const times = readdirSync(SOURCE, { recursive: true }).map((name) => statSync(join(SOURCE, String(name))).mtimeMs);
    return Math.max(0, ...times);
  } catch {
    return undefined;
  }
}

/** Whether the bundler can open its files. The runtime ends the process if it opens the last descriptor and needs more. */
function canBundle(): boolean {
  const most = mostDescriptors();
  return lowestFreeDescriptor(most) < most - spareDescriptors(most) / 2;
}

/** The latest bundle of the page. Failures are not kept. */
export class PageFiles {
  #bundle: PageBundle | undefined;
  #bundledAt: number | undefined;
  #bundling: Promise<PageBundle> | undefined;

  constructor(
    private readonly bundle: () => Promise<PageBundle> = bundlePage,
    private readonly changed: () => number | undefined = changedAt,
    private readonly isAllowed: () => boolean = canBundle,
  ) {}

  /** The page as its files are now; the previous one where they cannot be read. Rejects if there is none. */
  async current(): Promise<PageBundle> {
    const at = this.changed();
    if (this.#bundle && (at === undefined || at === this.#bundledAt)) return this.#bundle;
    if (this.#bundling) return this.#bundling;
    if (this.isAllowed()) return this.#start(at);
    if (this.#bundle) return this.#bundle;
    throw new Error("too few file descriptors are free");
  }

  #start(at: number | undefined): Promise<PageBundle> {
    this.#bundling = this.#make(at);
    return this.#bundling;
  }

  async #make(at: number | undefined): Promise<PageBundle> {
    try {
      this.#bundle = await this.bundle();
      this.#bundledAt = at;
      return this.#bundle;
    } finally {
      this.#bundling = undefined;
    }
  }
}

/** All labs of the process share the page. */
const files = new PageFiles();

/**
 * Bundles the page. Must be called before a port is open: the runtime ends the process, or never finds the files again, if
 * connections use up the descriptors while it bundles. A failure is reported by the request for the page.
 */
export async function preparePage(): Promise<void> {
  await files.current().catch(() => {});
}

function send(request: Request, { type, plain, zipped }: Asset, cache: string): Response {
  const acceptsGzip = request.headers.get("accept-encoding")?.includes("gzip") ?? false;
  const headers: Record<string, string> = {
    "content-type": type,
    "cache-control": cache,
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  };
  if (!zipped || !acceptsGzip) return new Response(plain, { headers });
  return new Response(zipped, { headers: { ...headers, "content-encoding": "gzip", vary: "accept-encoding" } });
}

/** The first error of the bundler, in one line. */
function firstErrorOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return String(first);
}

/** The page and its files. */
export function pageRoutes(log: Log) {
  const hidden = { detail: { hide: true } } as const;
  return new Elysia({ name: "page" })
    .get(
      "/",
      async ({ request }) => {
        try {
          const page = (await files.current()).get("/");
          if (page) return send(request, page, "no-cache");
          throw new Error("the bundle has no index.html");
        } catch (error) {
          log.write("error", "the page cannot be bundled", { error: firstErrorOf(error) });
          return Response.json({ error: "the page cannot be bundled; see the lab's log" }, { status: 500 });
        }
      },
      { detail: PAGE_DOCS },
    )
    .get(
      `${PREFIX}:file`,
      async ({ request, params }) => {
        const file = (await files.current()).get(PREFIX + params.file);
        // A name contains the hash of the content, or belongs to a pinned package, so the file never changes.
        if (file) return send(request, file, "public, max-age=31536000, immutable");
        return Response.json({ error: "no such file; reload the page" }, { status: 404 });
      },
      hidden,
    );
}
