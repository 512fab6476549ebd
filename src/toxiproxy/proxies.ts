/** The proxies of Toxiproxy's API, by name. */
import { MAX_RELAYS } from "../relay/relays.ts";
import { bool, fieldsOf, json, jsonByName, text } from "./body.ts";
import { badBody, failed, missingField, proxyExists, proxyNotFound, ToxiproxyError } from "./errors.ts";
import { NamedProxy, type ProxyContext, type ProxyInput } from "./proxy.ts";

/** Most characters of a name, which is a label in metrics. */
const MAX_NAME = 255;

/** A proxy as a request describes it; what it does not say is undefined. */
interface Given {
  readonly name: string | undefined;
  readonly listen: string | undefined;
  readonly upstream: string | undefined;
  readonly enabled: boolean | undefined;
}

function givenOf(body: unknown): Given {
  const fields = fieldsOf(body, "toxiproxy.Proxy");
  const name = text(fields, "name", "Proxy");
  if (name !== undefined && name.length > MAX_NAME) throw badBody(`a name has at most ${MAX_NAME} characters`);
  return {
    name,
    listen: text(fields, "listen", "Proxy"),
    upstream: text(fields, "upstream", "Proxy"),
    enabled: bool(fields, "enabled", "Proxy"),
  };
}

/** A result of `populate`: those that were made, and the error that ended it. */
export interface Populated {
  readonly proxies: readonly NamedProxy[];
  readonly error: ToxiproxyError | undefined;
}

/** Creates, changes and removes proxies. Errors are ToxiproxyError. */
export class Proxies {
  readonly #byName = new Map<string, NamedProxy>();

  constructor(private readonly context: ProxyContext) {}

  get(name: string): NamedProxy {
    const proxy = this.#byName.get(name);
    if (!proxy) throw proxyNotFound();
    return proxy;
  }

  /** All of them as JSON, an object by name. */
  listJson(): string {
    return jsonByName(new Map([...this.#byName].map(([name, proxy]) => [name, json(proxy)])));
  }

  async create(body: unknown): Promise<NamedProxy> {
    const { name, listen = "", upstream, enabled = true } = givenOf(body);
    if (!name) throw missingField("name");
    if (!upstream) throw missingField("upstream");
    if (this.#byName.has(name)) throw proxyExists();
    return this.#add(name, { listen, upstream, enabled });
  }

  async #add(name: string, input: ProxyInput): Promise<NamedProxy> {
    const { relays } = this.context;
    if (relays.get(name)) throw proxyExists(); // a relay of the lab that is no proxy
    if (!this.#byName.has(name) && this.#byName.size >= MAX_RELAYS)
      throw failed(`there are ${MAX_RELAYS} proxies already`);
    const proxy = new NamedProxy(name, input, this.context);
    if (input.enabled) await proxy.start();
    this.#byName.set(name, proxy);
    return proxy;
  }

  async update(name: string, body: unknown): Promise<NamedProxy> {
    const proxy = this.get(name);
    const { listen, upstream, enabled } = givenOf(body);
    await proxy.update({
      listen: listen ?? proxy.listen,
      upstream: upstream ?? proxy.upstream,
      enabled: enabled ?? proxy.enabled,
    });
    return proxy;
  }

  async remove(name: string): Promise<void> {
    await this.get(name).stop();
    this.#byName.delete(name);
  }

  /** Creates proxies; those that exist with the same addresses stay as they are, others are replaced. */
  async populate(body: () => unknown): Promise<Populated> {
    const proxies: NamedProxy[] = [];
    try {
      for (const { name, input } of populationOf(body())) proxies.push(await this.#addOrReplace(name, input));
      return { proxies, error: undefined };
    } catch (error) {
      if (!(error instanceof ToxiproxyError)) throw error;
      return { proxies, error };
    }
  }

  async #addOrReplace(name: string, input: ProxyInput): Promise<NamedProxy> {
    const existing = this.#byName.get(name);
    if (existing && !(await existing.differs(input))) return existing;
    await existing?.stop();
    return this.#add(name, input);
  }

  /** Enables all proxies and removes all toxics. */
  async reset(): Promise<void> {
    for (const proxy of this.#byName.values()) {
      await proxy.start();
      proxy.toxics.clear();
    }
  }
}

/** The type of a request's list in Go. */
const POPULATION = '[]struct { toxiproxy.Proxy; Enabled *bool "json:\\"enabled\\"" }';

/** The proxies of a request, all of them checked before the first one is made. */
function populationOf(body: unknown): readonly { readonly name: string; readonly input: ProxyInput }[] {
  if (body !== null && !Array.isArray(body))
    throw badBody(`json: cannot unmarshal ${typeof body} into Go value of type ${POPULATION}`);
  return (body ?? []).map(givenOf).map(({ name, listen = "", upstream, enabled = true }, i) => {
    if (!name) throw missingField(`name at proxy ${i + 1}`);
    if (!upstream) throw missingField(`upstream at proxy ${i + 1}`);
    return { name, input: { listen, upstream, enabled } };
  });
}
