// One key presses what carries data-key: <button data-key="c">. "?" lists the keys of the page.
const off = document.documentElement.dataset.keys === "off";
const typing = (element) => element?.closest("input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]");
const visible = (element) => element.checkVisibility?.({ visibilityProperty: true }) ?? element.offsetParent !== null;
const scope = () => [...document.querySelectorAll("dialog[open]")].at(-1) ?? document;

function pressable(key) {
  return [...scope().querySelectorAll(`[data-key="${CSS.escape(key)}"]:not(:disabled, [aria-disabled="true"])`)].find(visible);
}

document.addEventListener("keydown", (event) => {
  if (off || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (event.key === "?") {
    const dialog = document.getElementById("keys");
    if (!dialog || dialog.open) return;
    const list = dialog.querySelector("[data-of-this-page]");
    list.replaceChildren();
    for (const element of [...document.querySelectorAll("[data-key]")].filter(visible)) {
      const term = document.createElement("dt");
      const copy = element.cloneNode(true);
      copy.querySelectorAll("kbd, svg").forEach((part) => part.remove());
      term.textContent = element.getAttribute("aria-label") || copy.textContent.trim() || element.title;
      const key = document.createElement("kbd");
      key.textContent = element.dataset.key.toUpperCase();
      const value = document.createElement("dd");
      value.append(key);
      list.append(term, value);
    }
    dialog.showModal();
    event.preventDefault();
    return;
  }
  const target = pressable(event.key.toLowerCase());
  if (!target) return;
  event.preventDefault();
  if (target.matches("input:not([type=checkbox],[type=radio],[type=submit]), textarea, select")) target.focus();
  else {
    target.focus({ preventScroll: true });
    target.click();
  }
});
