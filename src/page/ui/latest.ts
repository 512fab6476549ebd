/** Keeps data of the lab up to date with a key that its stream sends. */

/** Loads data again for each new key. */
export interface Latest {
  /** Loads, unless the data is that of `key` or a call is in progress; after a failure the next call tries again. */
  follow(key: string): void;
  /** Loads in any case, with the next `follow`. */
  invalidate(): void;
}

/** `load` rejects if it fails. */
export function createLatest(load: () => Promise<void>): Latest {
  let loaded: string | undefined;
  let isLoading = false;

  async function start(key: string): Promise<void> {
    isLoading = true;
    loaded = key;
    try {
      await load();
    } catch {
      loaded = undefined;
    } finally {
      isLoading = false;
    }
  }

  return {
    follow(key) {
      if (!isLoading && key !== loaded) void start(key);
    },
    invalidate() {
      loaded = undefined;
    },
  };
}
