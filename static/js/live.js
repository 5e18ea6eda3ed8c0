// What moves by itself: clocks that count seconds, and the word when the connection is lost.

// <span data-clock="14">0:14</span> counts up from 14 s; data-step="-1" counts down to zero. The server's figure is the
// truth, this only carries it on until the next answer.
const started = new WeakMap();
const write = (seconds) => {
  const s = Math.max(0, Math.floor(seconds));
  const h = Math.floor(s / 3600);
  const m = Math.floor((s % 3600) / 60);
  return (h ? `${h}:${String(m).padStart(2, "0")}` : `${m}`) + `:${String(s % 60).padStart(2, "0")}`;
};
setInterval(() => {
  const now = performance.now();
  for (const clock of document.querySelectorAll("[data-clock]")) {
    if (started.get(clock)?.from !== clock.dataset.clock) started.set(clock, { from: clock.dataset.clock, at: now });
    const gone = (now - started.get(clock).at) / 1000;
    const text = write(Number(clock.dataset.clock) + gone * Number(clock.dataset.step ?? 1));
    if (clock.textContent !== text) clock.textContent = text;
  }
}, 250);

const banner = document.getElementById("lost");
if (banner) {
  let trying;
  const lost = () => {
    banner.hidden = false;
    trying ??= setInterval(() => fetch(banner.dataset.probe, { method: "HEAD", cache: "no-store" }).then(found, () => {}), 3000);
  };
  const found = () => {
    banner.hidden = true;
    trying = clearInterval(trying);
  };
  addEventListener("offline", lost);
  addEventListener("online", () => fetch(banner.dataset.probe, { method: "HEAD", cache: "no-store" }).then(found, lost));
  document.addEventListener("htmx:sendError", lost);
  document.addEventListener("htmx:timeout", lost);
  document.addEventListener("htmx:afterOnLoad", () => banner.hidden || !navigator.onLine || found());
  if (!navigator.onLine) lost();
  // a plain form must not leave for the browser's own error page and take the text along
  document.addEventListener("submit", (event) => {
    if (!banner.hidden && !event.target.hasAttribute("hx-post")) {
      event.preventDefault();
      banner.scrollIntoView({ block: "nearest" });
    }
  }, true);
}
