// The search field on top: "/" or Ctrl K reaches it, arrows choose, Enter opens, Escape leaves. htmx fetches the answers.
const field = document.getElementById("search");
const answers = document.getElementById("hits");

if (field && answers) {
  const hits = () => [...answers.querySelectorAll('a[role="option"]')];
  let chosen = -1;
  let sent = null; // what was looked for on a page of its own: late answers do not cover it

  const choose = (index) => { // -1: none
    const all = hits();
    chosen = index;
    all.forEach((hit, i) => hit.setAttribute("aria-selected", String(i === chosen)));
    if (chosen >= 0) {
      field.setAttribute("aria-activedescendant", all[chosen].id);
      all[chosen].scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  };
  const show = (open) => {
    answers.hidden = !open;
    field.setAttribute("aria-expanded", String(open && hits().length > 0));
    if (!open) choose(-1);
  };

  document.addEventListener("keydown", (event) => {
    const inField = event.target.closest?.("input, textarea, select, [contenteditable]");
    const slash = event.key === "/" && !inField && document.documentElement.dataset.keys !== "off";
    if (!slash && !((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k")) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const many = hits().length;
      if (!many) return;
      event.preventDefault();
      show(true);
      if (event.key === "ArrowDown") choose((chosen + 1) % many);
      else choose(chosen <= 0 ? many - 1 : chosen - 1);
    } else if (event.key === "Enter" && !answers.hidden && field.value.trim() === answers.dataset.text) {
      const hit = hits()[Math.max(chosen, 0)];
      if (!hit) return;
      event.preventDefault();
      hit.click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (answers.hidden || !field.value) field.blur();
      show(false);
    }
  });

  answers.addEventListener("htmx:afterSwap", () => {
    answers.dataset.text = answers.querySelector("[data-text]")?.dataset.text ?? "";
    show(document.activeElement === field && answers.childElementCount > 0 && field.value !== sent);
    choose(-1);
  });
  field.addEventListener("input", () => { sent = null; });
  field.form.addEventListener("submit", () => {
    sent = field.value;
    show(false);
  });
  field.addEventListener("focus", () => show(answers.childElementCount > 0 && field.value !== ""));
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest(".search")) show(false);
  });
  field.form.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !field.form.contains(event.relatedTarget)) show(false);
  });
}
