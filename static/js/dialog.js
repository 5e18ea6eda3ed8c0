// Dialogs: data-dialog="id" opens <dialog id>, data-close closes, a <dialog data-open> that arrives by htmx opens itself.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  else if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  else if (event.target.matches("dialog[open]")) {
    const box = event.target.getBoundingClientRect(); // a press on the veil around it
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside && event.clientX + event.clientY > 0) event.target.close();
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

const openArrived = (root) => {
  for (const dialog of root.querySelectorAll("dialog[data-open]:not([open])")) dialog.showModal();
  if (root.matches?.("dialog[data-open]:not([open])")) root.showModal();
};
document.addEventListener("htmx:load", (event) => openArrived(event.detail.elt));
openArrived(document);
