/** Checks an open page with axe-core. */
import axe from "axe-core";
import type { OpenPage } from "./browser.ts";

/**
 * What axe-core finds in the page: each rule that is violated, with the elements. `rules` limits it to these; without them
 * it applies every rule that is on by default, best practices included.
 */
export async function violations({ view, value }: OpenPage, rules?: readonly string[]): Promise<readonly string[]> {
  await view.evaluate(`(() => { if (!window.axe) { ${axe.source} } return true; })()`);
  const options = { resultTypes: ["violations"], ...(rules && { runOnly: rules }) };
  const text = await value<string>(`axe.run(document, ${JSON.stringify(options)}).then(({ violations }) =>
    JSON.stringify(violations.map(({ id, nodes }) => id + ": " + nodes.map(({ target }) => target.join(" ")).join(", "))))`);
  return JSON.parse(text); // an array of strings, as the expression returns
}
