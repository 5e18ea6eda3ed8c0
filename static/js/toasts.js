// Short news in a corner, read aloud politely. The server's come with the page or in the header HX-Trigger: toast;
// a module's own by the event kvar:toast.
const corner = document.getElementById("toasts");
const shape = document.getElementById("toast");

function arm(toast) {
  toast.querySelector("button").addEventListener("click", () => toast.remove());
  if (toast.classList.contains("error")) return; // stays until it was read
  let timer = setTimeout(() => toast.remove(), 7000);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => (timer = setTimeout(() => toast.remove(), 3000)));
}

function say({ text, tone = "info" }) {
  const toast = shape.content.firstElementChild.cloneNode(true);
  toast.classList.add(...tone.split(" ").filter(Boolean));
  toast.querySelector("p").textContent = text;
  if ([...corner.querySelectorAll("p")].some((said) => said.textContent === text)) return;
  corner.append(toast);
  arm(toast);
}

if (corner && shape) {
  corner.querySelectorAll(".toast").forEach(arm);
  document.addEventListener("kvar:toast", (event) => say(event.detail));
  document.addEventListener("toast", (event) => [event.detail.value ?? event.detail].flat().forEach(say));
}
