// Copies a link or a text that stands in a field; without script it can be marked and copied by hand.
(() => {
  "use strict";

  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value).then(() => {
        const said = button.querySelector("[data-said]");
        const before = said.textContent;
        said.textContent = button.dataset.done;
        setTimeout(() => { said.textContent = before; }, 2500);
      });
    });
  }
})();
