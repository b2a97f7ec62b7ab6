// Owns what every staff page may do by script: asking once, menus, filters, pickers, row links, htmx's CSRF header.
// All of it is an addition; each form and link works without. Words come from the page, never from here.
(() => {
  "use strict";

  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // ---- asking once before something that cannot be taken back --------------------------------------------

  function ask(text, yes) {
    const dialog = $("#confirm");
    if (!dialog || !dialog.showModal) return Promise.resolve(window.confirm(text));
    const button = $(".dialog__yes", dialog);
    $("#confirm-text").textContent = text;
    button.textContent = yes || button.dataset.default;
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const source = event.submitter && event.submitter.dataset.confirm ? event.submitter : form;
    if (!source.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const submitter = event.submitter;
    ask(source.dataset.confirm, source.dataset.confirmYes).then((agreed) => {
      if (!agreed) return;
      form.dataset.confirmed = "1";
      form.requestSubmit(submitter || undefined);
      delete form.dataset.confirmed;
    });
  }, true);

  // ---- a plain form is sent once, however often it is tapped ---------------------------------------------

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    for (const button of all("button", form)) button.setAttribute("aria-busy", "true");
    // A download leaves the page where it is: let go again.
    setTimeout(() => release(form), 10000);
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach(release));

  function release(form) {
    delete form.dataset.sent;
    for (const button of all("[aria-busy]", form)) button.removeAttribute("aria-busy");
  }

  // ---- menus and definitions close by Escape and by a click elsewhere ------------------------------------

  const openOnes = () => all("details[data-closable][open]");
  document.addEventListener("click", (event) => {
    for (const details of openOnes()) if (!details.contains(event.target)) details.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const details of openOnes()) {
      details.open = false;
      $("summary", details).focus();
    }
  });

  // ---- filters -------------------------------------------------------------------------------------------

  const byItself = "select, [type=checkbox], [type=radio]";

  function enhanceFilters(form) {
    const typed = all("input:not([type=hidden]), textarea", form).some((control) => !control.matches(byItself));
    const button = $("[data-filter-submit]", form);
    if (button && !typed) button.hidden = true;
    form.addEventListener("change", (event) => {
      if (event.target.matches(byItself)) form.requestSubmit();
    });
    // Empty filters stay out of the address.
    form.addEventListener("formdata", (event) => {
      for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
    });
  }

  // ---- pickers: a list of checkboxes with a box to find some ---------------------------------------------

  function enhancePicker(picker) {
    const filter = $("[data-picker-filter]", picker);
    const count = $("[data-picker-count]", picker);
    const choices = all(".choice", picker);
    const tell = () => {
      const chosen = choices.filter((choice) => $("input", choice).checked).length;
      count.textContent = picker.dataset.countText.replace("{n}", chosen);
    };
    const narrow = () => {
      const wanted = filter.value.trim().toLowerCase();
      for (const choice of choices) choice.hidden = !choice.textContent.toLowerCase().includes(wanted);
      $("[data-picker-none]", picker).hidden = choices.some((choice) => !choice.hidden);
    };
    $("[data-picker-top]", picker).hidden = false;
    filter.addEventListener("input", narrow);
    filter.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    picker.addEventListener("change", tell);
    tell();
  }

  // ---- a button that says how many boxes of its form are ticked --------------------------------------------

  function enhanceTicks(button) {
    const boxes = () => [...button.form.elements].filter((one) => one.type === "checkbox");
    const tell = () => {
      const ticked = boxes().filter((box) => box.checked).length;
      button.textContent = button.dataset.ticks.replace("{n}", ticked);
      button.disabled = !ticked;
    };
    document.addEventListener("change", (event) => { if (event.target.form === button.form) tell(); });
    // A page that comes back from the browser's memory keeps its ticks.
    window.addEventListener("pageshow", tell);
    tell();
  }

  // ---- a form that one comes back to is still the form that was opened then --------------------------------

  const asked = $("[data-asked]");
  if (asked) {
    // "Back" fetches the page anew and fills in what was typed; the moment is kept with the step back.
    const { asked: then } = history.state || {};
    if (then) asked.value = then;
    else history.replaceState({ ...history.state, asked: asked.value }, "");
  }

  // ---- small things --------------------------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
    if (event.target.closest("[data-theme-toggle]")) toggleTheme();
    if (event.target.closest("[data-fullscreen]")) toggleFullscreen();
    openRow(event);
  });

  function openRow(event) {
    const row = event.target.closest(".table--rows tbody tr");
    if (!row || event.target.closest("a, button, input, label, select, summary, details")) return;
    if (String(window.getSelection())) return;
    const link = $(".row-link", row);
    if (link) link.click();
  }

  function toggleTheme() {
    const root = document.documentElement;
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
    root.dataset.theme = theme;
    try { localStorage.setItem("projector-theme", theme); } catch { /* storage may be off; the page still turns */ }
  }

  function toggleFullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen();
  }

  function enhance(within) {
    all("form[data-autosubmit]", within).forEach(enhanceFilters);
    all("[data-picker]", within).forEach(enhancePicker);
    all("[data-ticks]", within).forEach(enhanceTicks);
    all("[data-print]", within).forEach((button) => { button.hidden = false; });
  }

  if ($("[data-theme-toggle]")) {
    $("[data-theme-toggle]").hidden = false;
    try { document.documentElement.dataset.theme = localStorage.getItem("projector-theme") || "light"; } catch { /* as above */ }
  }
  if ($("[data-fullscreen]")) $("[data-fullscreen]").hidden = !document.fullscreenEnabled;

  // Filters that fill a phone's first screen wait behind their button.
  const phone = matchMedia("(max-width: 719px)");
  const fold = () => all("details[data-fold]").forEach((details) => { details.open = !phone.matches; });
  phone.addEventListener("change", fold);
  fold();

  enhance(document);
  const summary = $("[data-focus]");
  if (summary) summary.focus();

  // ---- htmx ----------------------------------------------------------------------------------------------

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = $("meta[name=csrf-token]").content;
  });
  // A tick that did not reach the server must not look as if it had.
  const trouble = $("#request-trouble");
  const tell = (text) => {
    trouble.textContent = text;
    trouble.hidden = false;
  };
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, () => tell(trouble.dataset.network));
  }
  document.addEventListener("htmx:responseError", () => tell(trouble.dataset.refused));
  document.addEventListener("htmx:afterOnLoad", (event) => { trouble.hidden = event.detail.successful !== false; });
  document.addEventListener("htmx:load", (event) => { if (event.target !== document.body) enhance(event.target); });
  document.addEventListener("htmx:confirm", (event) => {
    const { confirm, confirmYes } = event.target.dataset;
    if (!confirm || event.target.matches("form")) return;
    event.preventDefault();
    ask(confirm, confirmYes).then((agreed) => { if (agreed) event.detail.issueRequest(true); });
  });
})();
