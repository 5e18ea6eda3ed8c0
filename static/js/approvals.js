// The approvals queue: the row whose decision stands beside it is marked, also after the queue has moved, and when
// that decision is made the next one opens by itself.
const decision = document.getElementById("decision");
const queue = () => document.getElementById("queue");
const row = (key) => queue()?.querySelector(`[data-key-of="${CSS.escape(key ?? "")}"]`);

function mark() {
  for (const tr of queue()?.querySelectorAll("[data-key-of]") ?? []) tr.removeAttribute("aria-current");
  row(decision.dataset.shows)?.setAttribute("aria-current", "true");
}

if (decision) {
  let focused = "";
  document.addEventListener("htmx:beforeRequest", (event) => {
    const tr = event.target.closest?.("[data-key-of]");
    if (tr) {
      decision.dataset.shows = tr.dataset.keyOf;
      mark();
    }
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id === "queue") focused = document.activeElement?.closest("[data-key-of]")?.dataset.keyOf ?? "";
  });
  const title = document.title;
  const tell = () => {
    const waiting = queue()?.querySelector("[data-waiting]");
    if (!waiting) return;
    document.title = waiting.dataset.waiting === "0" ? title : `(${waiting.dataset.waiting}) ${title}`;
    const news = document.getElementById("news"); // lives on while the queue is exchanged, so that it is read aloud
    if (news.dataset.said !== waiting.dataset.waiting) news.textContent = waiting.textContent;
    news.dataset.said = waiting.dataset.waiting;
  };
  document.addEventListener("htmx:afterSettle", () => {
    mark();
    tell();
    if (focused && !document.activeElement?.closest("[data-key-of]")) row(focused)?.querySelector("a")?.focus({ preventScroll: true });
    focused = "";
    const idle = decision.querySelector(".empty") || decision.dataset.decided;
    const next = queue()?.querySelector("[data-key-of] a");
    if (idle && next && !row(decision.dataset.shows)) {
      delete decision.dataset.decided;
      next.click();
    }
  });
  document.addEventListener("decided", () => (decision.dataset.decided = "yes"));
  mark();
  tell();
}
