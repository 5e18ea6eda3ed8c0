// What htmx needs here: the CSRF token on writes, a login page never swapped into a part, errors said aloud.
const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = meta("csrf-token");
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.responseURL && new URL(xhr.responseURL).pathname.startsWith(meta("login-path"))) {
    event.detail.shouldSwap = false;
    location.reload(); // the session ended: the server sends this page to the login and back
  }
});

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  const text = meta(`error-${status}`) || meta("error-500");
  document.dispatchEvent(new CustomEvent("kvar:toast", { detail: { text, tone: "error" } }));
});
