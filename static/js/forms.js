// Forms: the focus goes to the first error, a press shows at once, and unsaved text outlives an accident.

function firstError(root) {
  const wrong = root.querySelector('form [aria-invalid="true"]') ?? root.querySelector("form .errorlist.nonfield");
  if (!wrong) return;
  if (!wrong.matches("input, select, textarea")) wrong.tabIndex = -1;
  wrong.focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  if (form.dataset.sent && !form.hasAttribute("hx-post")) return event.preventDefault(); // pressed twice
  form.dataset.sent = "yes";
  (event.submitter ?? form.querySelector("button:not([type=button])"))?.setAttribute("aria-busy", "true");
});
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
  const form = event.target;
  const key = PREFIX + form.dataset.draft;
  if (form.dataset.forget !== undefined) sessionStorage.clear();
  else if (form.dataset.draft && sessionStorage.getItem(key) && !event.defaultPrevented)
    sessionStorage.setItem(key, JSON.stringify({ ...JSON.parse(sessionStorage.getItem(key)), sent: true }));
});

document.addEventListener("htmx:load", (event) => {
  restore(event.detail.elt);
  if (event.detail.elt !== document.body) firstError(event.detail.elt.parentElement ?? event.detail.elt);
});
restore(document);
firstError(document);

// data-submit: a choice that is sent as soon as it is made (filters, settings)
document.addEventListener("change", (event) => {
  if (event.target.closest("form[data-submit]")) event.target.form.requestSubmit();
});
