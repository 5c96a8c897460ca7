// Keys for hands that stay on the keyboard. They move the focus and press nothing.
(() => {
  const KEYS = [
    ["j", "Next request"],
    ["k", "Previous request"],
    ["a", "To the button that approves"],
    ["r", "To the button that rejects"],
    ["?", "These keys"],
  ];

  const isTyping = (target) => target instanceof HTMLElement && target.closest("input, textarea, select") !== null;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "?") showKeys();
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "a" || event.key === "r") document.querySelector(`[data-key="${event.key}"]`)?.focus();
    else return;
    event.preventDefault();
  });

  function step(by) {
    const rows = [...document.querySelectorAll(".row-link, .next-request")];
    const at = rows.indexOf(document.activeElement);
    rows[Math.min(Math.max(at < 0 ? 0 : at + by, 0), rows.length - 1)]?.focus();
  }

  function showKeys() {
    const open = document.querySelector("dialog.keys");
    if (open !== null) {
      open.close();
      return;
    }
    const dialog = document.createElement("dialog");
    dialog.className = "keys";
    dialog.setAttribute("aria-label", "Keys");
    const list = document.createElement("dl");
    for (const [key, what] of KEYS) {
      const [term, meaning] = [document.createElement("dt"), document.createElement("dd")];
      term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
      meaning.textContent = what;
      list.append(term, meaning);
    }
    const close = Object.assign(document.createElement("button"), { className: "button plain", textContent: "Close" });
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.append(list, close);
    document.body.append(dialog);
    dialog.showModal();
  }
})();
