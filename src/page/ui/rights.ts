/** The viewer's rights: controls that change the lab are disabled without the right to do so. */
import type { Rights } from "../../api/shapes.ts";
import { messageOf } from "../../base/message.ts";
import { authorization, callApi, useToken } from "./api.ts";
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
  const hadFocus = notice.contains(document.activeElement);
  notice.hidden = rights.mayChange;
  if (rights.mayChange) return;
  notice.replaceChildren(tokenForm(rights.reason ?? "", onToken));
  if (hadFocus) notice.querySelector("input")?.focus();
}

function tokenForm(reason: string, onToken: () => void): HTMLElement {
  const isRefused = Object.keys(authorization()).length > 0; // a token was sent, and is not the lab's
  const input = h("input", {
    type: "password",
    autocomplete: "off",
    "aria-label": "Token",
    placeholder: "token",
    size: 16,
    "aria-invalid": isRefused ? "true" : undefined,
    "aria-describedby": "rights-reason",
  });
  const form = h(
    "form",
    {},
    h("span", { id: "rights-reason" }, `Read-only: ${isRefused ? "this token is wrong; " : ""}${reason}`),
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
