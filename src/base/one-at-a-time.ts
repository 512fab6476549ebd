/** Runs asynchronous changes of one state one after another. */

/** Returns a function that calls what it is given when all calls before have ended, with a result or an error. */
export function oneAtATime(): <Result>(run: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const result = last.then(run);
    last = result.catch(() => undefined);
    return result;
  };
}
