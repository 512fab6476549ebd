/** Sends changes of faults to the lab. */
import { callApi } from "../ui/api.ts";

/** Sends a change; `onError` gets why it was refused. */
export type SendFaults = (
  method: "PUT" | "DELETE",
  faults: string | object | undefined,
  onError: (error: unknown) => void,
) => Promise<void>;

/**
 * Creates the function that changes the faults at `path`. `onChange` gets them as text after a change. Only the last change has an
 * effect on the page: the answer to an earlier one can arrive after it, and what the user has entered since would be lost.
 */
export function createSender(path: string, onChange: (text: string) => void): SendFaults {
  let last = 0;
  return async (method, faults, onError) => {
    const own = ++last;
    try {
      const { text } = await callApi<{ readonly text: string }>(method, path, faults);
      if (own === last) onChange(text);
    } catch (error) {
      if (own === last) onError(error);
    }
  };
}
