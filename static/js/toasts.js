// Short news in a corner, read aloud politely. The server's come with the page or in the header HX-Trigger: toast;
// a module's own by the event kvar:toast. One that can be undone carries the address that does it.
const corner = document.getElementById("toasts");
const shape = document.getElementById("toast");

function arm(toast) {
  toast.querySelector(".away").addEventListener("click", () => toast.remove());
  if (toast.classList.contains("error")) return; // stays until it was read
  let timer = setTimeout(() => toast.remove(), toast.querySelector("form:not([hidden])") ? 15000 : 7000);
  for (const coming of ["pointerenter", "focusin"]) toast.addEventListener(coming, () => clearTimeout(timer));
  for (const going of ["pointerleave", "focusout"]) toast.addEventListener(going, () => (timer = setTimeout(() => toast.remove(), 3000)));
}

function say({ text, tone = "info", undo = "" }) {
  const toast = shape.content.firstElementChild.cloneNode(true);
  toast.classList.add(...tone.split(" ").filter(Boolean));
  toast.querySelector("p").textContent = text;
  if ([...corner.querySelectorAll("p")].some((said) => said.textContent === text)) return;
  if (undo) {
    const form = toast.querySelector("form");
    form.action = undo;
    form.elements.csrfmiddlewaretoken.value = document.querySelector("meta[name=csrf-token]").content;
    form.hidden = false;
  }
  corner.append(toast);
  arm(toast);
}

if (corner && shape) {
  corner.querySelectorAll(".toast").forEach(arm);
  document.addEventListener("kvar:toast", (event) => say(event.detail));
  document.addEventListener("toast", (event) => [event.detail.value ?? event.detail].flat().forEach(say));
}
