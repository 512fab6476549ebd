/** The viewer's rights: controls that change the lab are disabled without the right to do so. */
import type { Rights } from "../../api/shapes.ts";
import { messageOf } from "../../base/message.ts";
import { callApi, useToken } from "./api.ts";
import { byId, h } from "./dom.ts";

/** Reads this viewer's rights and applies them to every fieldset with `data-changes`. Calls `onToken` after a new token. */
export async function applyRights(onToken: () => void): Promise<void> {
  const rights = await callApi<Rights>("GET", "/rights").catch(
    (error): Rights => ({ mayChange: false, reason: messageOf(error) }),
  );
  document.body.classList.toggle("view-only", !rights.mayChange);
  for (const control of document.querySelectorAll<HTMLFieldSetElement>("fieldset[data-changes]")) {
    control.disabled = !rights.mayChange;
  }
  const notice = byId("rights");
  notice.hidden = rights.mayChange;
  if (!rights.mayChange) notice.replaceChildren(tokenForm(rights.reason ?? "", onToken));
}

function tokenForm(reason: string, onToken: () => void): HTMLElement {
  const input = h("input", {
    type: "password",
    autocomplete: "off",
    "aria-label": "Token",
    placeholder: "token",
    size: 16,
  });
  const form = h(
    "form",
    {},
    h("span", {}, `Read-only: ${reason}`),
    input,
    h("button", { type: "submit" }, "Use token"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    useToken(input.value);
    onToken();
  });
  return form;
}
