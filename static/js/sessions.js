// Owns what pages of sessions add by script: ticking a whole page, rows of lecturers, the length in minutes.
// Every one of them has a plain form or link behind it.
(() => {
  "use strict";

  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // ---- choosing everybody on the page, and letting go again ----------------------------------------------

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-check-all]");
    if (!link) return;
    event.preventDefault();
    const boxes = all("input[name=members][form=bulk]");
    const check = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = check;
  });

  // ---- how many are left when some are left out ------------------------------------------------------------

  const rest = $("[data-rest]");
  const left = rest && $("[data-rest-left]", rest);
  if (left) {
    const tell = () => {
      const out = all("input[name=members]:checked", rest).length;
      left.textContent = Number($("input[name=total]", rest).value) - out;
    };
    rest.addEventListener("change", tell);
    tell();
  }

  // ---- rows of lecturers: one is shown, the next ones on demand ------------------------------------------

  const rows = $("[data-rows]");
  const add = $("[data-rows-add]");
  if (rows && add) {
    for (const spare of all("[data-row-spare]", rows)) spare.hidden = true;
    add.addEventListener("click", (event) => {
      event.preventDefault();
      const spare = $("[data-row-spare][hidden]", rows);
      const row = spare || rows.appendChild(rows.firstElementChild.cloneNode(true));
      row.hidden = false;
      row.removeAttribute("data-row-spare");
      const name = $("input", row);
      if (!spare) name.value = "";
      name.focus();
    });
  }

  // ---- Enter in a search box that searches as one types --------------------------------------------------

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-no-enter]")) event.preventDefault();
  });

  // ---- what an empty number of minutes means -------------------------------------------------------------

  const minutes = $("[data-length]");
  const [starts, ends] = [$("#starts"), $("#ends")];
  if (minutes && starts && ends) {
    const tell = () => {
      const of = (field) => field.value.split(":").reduce((hours, part) => hours * 60 + Number(part), 0);
      const length = of(ends) - of(starts);
      minutes.placeholder = starts.value && ends.value && length > 0 ? length : "";
    };
    starts.addEventListener("input", tell);
    ends.addEventListener("input", tell);
  }
})();
