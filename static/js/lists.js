// Dense lists by keyboard and mouse: j and k move, Enter opens, a click anywhere in a row opens its first link.
const off = document.documentElement.dataset.keys === "off";
const typing = (element) => element?.closest("input, textarea, select, [contenteditable]");
const opener = (row) => row.querySelector("a[href], button[hx-get]");
const rows = () => [...document.querySelectorAll(".rows > *")].filter((row) => opener(row) && row.checkVisibility());

document.addEventListener("keydown", (event) => {
  if (off || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if ((event.key !== "j" && event.key !== "k") || document.querySelector("dialog[open]")) return;
  const all = rows();
  if (!all.length) return;
  const here = all.findIndex((row) => row.contains(document.activeElement));
  const next = here < 0 ? (event.key === "j" ? 0 : all.length - 1) : here + (event.key === "j" ? 1 : -1);
  const target = all[Math.min(Math.max(next, 0), all.length - 1)];
  opener(target).focus();
  target.scrollIntoView({ block: "nearest" });
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const row = event.target.closest(".rows > tr");
  if (!row || event.target.closest("a, button, input, label, select, summary, textarea") || getSelection().toString()) return;
  const link = opener(row);
  if (!link) return;
  if ((event.ctrlKey || event.metaKey) && link.href) window.open(link.href, "_blank", "noopener");
  else link.click();
});
