// Forms: the focus goes to the first error, a press shows at once, and unsaved text outlives an accident.

function firstError(root) {
  const wrong = root.querySelector('form [aria-invalid="true"]') ?? root.querySelector("form .errorlist.nonfield");
  if (!wrong) return;
  if (!wrong.matches("input, select, textarea")) wrong.tabIndex = -1;
  wrong.focus();
}

// A part that arrives may ask for the focus (data-focus: itself, data-focus-first: its first control), never from
// somebody who is typing.
function wanted(root) {
  if (document.activeElement?.matches("input, textarea, select") && !root.contains(document.activeElement)) return;
  const part = root.querySelector("[data-focus], [data-focus-first]");
  (part?.hasAttribute("data-focus") ? part : part?.querySelector("button, input:not([type=hidden]), select, textarea, a[href]"))?.focus();
}

const elsewhere = (event) => (event.submitter?.formTarget || event.target.target) === "_blank";
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog" || elsewhere(event)) return;
  if (form.dataset.sent && !form.hasAttribute("hx-post")) return event.preventDefault(); // pressed twice
  form.dataset.sent = "yes";
  (event.submitter ?? form.querySelector("button:not([type=button])"))?.setAttribute("aria-busy", "true");
  setTimeout(() => rest(form.parentElement ?? document), 8000); // an answer that was a download leaves the page standing
});
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt;
  if (!form.matches("form")) return;
  form.dataset.sent = "yes";
  event.detail.requestConfig.triggeringEvent?.submitter?.setAttribute("aria-busy", "true");
  flag(form, true);
});
document.addEventListener("htmx:sendError", (event) => flag(event.detail.elt, false));
const rest = (root) => {
  for (const form of root.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const element of form.elements) element.removeAttribute("aria-busy");
  }
};
addEventListener("pageshow", () => rest(document));
document.addEventListener("htmx:afterRequest", () => rest(document));

// <form data-draft="complaint-12"> keeps its text in this tab until it was sent; a logout forgets it all.
const PREFIX = "draft:";
const kept = (form) => [...form.elements].filter((e) => e.name && e.matches("textarea, input[type=text], input[type=search], input[type=email], input[type=tel], input[type=number], input:not([type])"));

function restore(root) {
  for (const form of root.querySelectorAll("form[data-draft]")) {
    const draft = JSON.parse(sessionStorage.getItem(PREFIX + form.dataset.draft) ?? "{}");
    if (draft.sent && !form.querySelector('[aria-invalid="true"], .errorlist')) {
      sessionStorage.removeItem(PREFIX + form.dataset.draft);
      continue;
    }
    for (const element of kept(form)) {
      if (!element.value && draft[element.name]) {
        element.value = draft[element.name];
        element.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }
  }
}
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form?.dataset.draft) return;
  sessionStorage.setItem(PREFIX + form.dataset.draft, JSON.stringify(Object.fromEntries(kept(form).map((e) => [e.name, e.value]))));
});
document.addEventListener("submit", (event) => {
  if (event.target.dataset.forget !== undefined) sessionStorage.clear();
  else if (!event.defaultPrevented && !elsewhere(event)) flag(event.target, true);
});
function flag(form, sent) {
  const key = PREFIX + form.dataset?.draft;
  const draft = sessionStorage.getItem(key);
  if (draft) sessionStorage.setItem(key, JSON.stringify({ ...JSON.parse(draft), sent }));
}

document.addEventListener("htmx:load", (event) => {
  restore(event.detail.elt);
  if (event.detail.elt === document.body) return;
  const root = event.detail.elt.parentElement ?? event.detail.elt;
  wanted(root);
  firstError(root);
});
restore(document);
wanted(document);
firstError(document);

// data-submit: a choice that is sent as soon as it is made (filters, settings)
document.addEventListener("change", (event) => {
  if (event.target.closest("form[data-submit]")) event.target.form.requestSubmit();
});
