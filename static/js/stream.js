// Keeps the code inside a stream fresh: asks when the present one ends, and goes on asking through a lost network.
(() => {
  "use strict";

  const corner = document.getElementById("corner");
  const find = (id) => document.getElementById(id);
  const RETRY = 2000;
  const PATIENCE = 5000;
  const step = Number(corner.dataset.step);
  // A code is taken for one step after its end; by then a new one or nothing is shown.
  let deadAt = Date.now() + Number(corner.dataset.left) + step;

  function show(state) {
    find("open").hidden = !state.svg;
    find("words").hidden = Boolean(state.svg);
    find("words").textContent = state.words;
    if (!state.svg) return;
    deadAt = Date.now() + state.left_ms + step;
    find("qr").src = "data:image/svg+xml," + encodeURIComponent(state.svg);
    const [first, second] = find("digits").children;
    first.textContent = state.short_code.slice(0, 3);
    second.textContent = state.short_code.slice(3);
  }

  function hideDead() {
    if (find("open").hidden || Date.now() < deadAt) return;
    show({ svg: null, words: corner.dataset.textLost });
  }

  async function ask() {
    let next = RETRY;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE);
    try {
      const answer = await fetch(corner.dataset.stateUrl, {
        headers: { Accept: "application/json" }, cache: "no-store", signal: patience.signal,
      });
      if (answer.ok) {
        const state = await answer.json();
        show(state);
        next = state.left_ms + 50;
      }
    } catch (error) {
      // Offline: the code shown goes on for one step more; the next try may succeed.
    } finally {
      clearTimeout(timer);
    }
    setInterval(hideDead, 1000);
  setTimeout(ask, next);
  }

  setInterval(hideDead, 1000);
  setTimeout(ask, Number(corner.dataset.left) + 50);
})();
