// Owns the page on which a list is taken along: who is chosen, the PIN, and handing the names to the phone's store.
(function () {
  "use strict";
  const form = document.getElementById("take");
  if (!form) return;
  const store = window.RoundStore;
  const dialog = document.getElementById("pin");
  const button = document.getElementById("take-button");
  const [pin, again] = [document.getElementById("pin-first"), document.getElementById("pin-again")];
  const trouble = document.getElementById("pin-trouble");
  const boxes = Array.from(form.querySelectorAll("[name=members]"));
  const words = document.getElementById("take-words").dataset;
  const EASY = /^(\d)\1{5}$|^123456$|^654321$|^123123$/;

  function count() {
    const chosen = boxes.filter((box) => box.checked).length;
    button.textContent = words.take.replace("{n}", chosen);
    button.disabled = !chosen;
  }

  function say(text) {
    trouble.textContent = text;
    trouble.hidden = !text;
  }

  function problem() {
    if (!/^\d{6}$/.test(pin.value)) return words.digits;
    if (EASY.test(pin.value)) return words.easy;
    return pin.value === again.value ? "" : words.differs;
  }

  // An error whose words are ours to show; a browser's own are in no language of the reader's.
  const told = (text) => Object.assign(new Error(text), { isOurs: true });

  // Ready to open without a network before the page says so.
  async function prepare() {
    const registration = await navigator.serviceWorker.register(words.worker, { scope: words.page });
    const worker = registration.installing || registration.waiting;
    if (registration.active || !worker) return;
    await new Promise((resolve) => {
      worker.addEventListener("statechange", () => worker.state === "activated" && resolve());
      setTimeout(resolve, 10000);
    });
  }

  async function handOver() {
    const made = await store.lock(pin.value);
    const body = new URLSearchParams();
    for (const box of boxes) if (box.checked) body.append("members", box.value);
    const response = await fetch(form.action, {
      method: "POST",
      body,
      headers: { Accept: "application/json", "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content },
    });
    const given = await response.json().catch(() => ({}));
    if (!response.ok || !given.sealed) throw told(given.detail || words.again);
    try {
      await store.keep(given, made);
    } catch (error) {
      throw told(words.full);
    }
    // The list is on the phone now: whatever else goes wrong is said on its page, and nothing is taken twice.
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => {});
    await prepare().catch(() => {});
    location.assign(words.page);
  }

  async function submit(event) {
    event.preventDefault();
    const go = document.getElementById("pin-go");
    say(problem());
    if (!trouble.hidden || go.disabled) return;
    go.disabled = true;
    go.textContent = words.working;
    try {
      await handOver();
    } catch (error) {
      say(error.isOurs ? error.message : error instanceof TypeError ? words.network : words.again);
      go.disabled = false;
      go.textContent = words.go;
    }
  }

  if (!store.usable || !dialog.showModal) {
    document.getElementById("unusable").hidden = false;
    return;
  }
  for (const all of document.querySelectorAll("[data-choose]")) {
    all.hidden = false;
    all.addEventListener("click", () => {
      for (const box of boxes) box.checked = all.dataset.choose === "all";
      count();
    });
  }
  button.hidden = false;
  form.addEventListener("change", count);
  form.addEventListener("submit", (event) => event.preventDefault());
  button.addEventListener("click", () => { say(""); dialog.showModal(); });
  document.getElementById("pin-form").addEventListener("submit", submit);
  document.getElementById("pin-close").addEventListener("click", () => dialog.close());
  count();
})();
