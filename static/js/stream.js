// Keeps the code inside a stream fresh: asks when the present one ends, and goes on asking through a lost network.
(() => {
  "use strict";

  const corner = document.getElementById("corner");
  const find = (id) => document.getElementById(id);
  const RETRY = 2000;

  function show(state) {
    find("open").hidden = !state.svg;
    find("words").hidden = Boolean(state.svg);
    find("words").textContent = state.words;
    if (!state.svg) return;
    find("qr").src = "data:image/svg+xml," + encodeURIComponent(state.svg);
    const [first, second] = find("digits").children;
    first.textContent = state.short_code.slice(0, 3);
    second.textContent = state.short_code.slice(3);
  }

  async function ask() {
    let next = RETRY;
    try {
      const answer = await fetch(corner.dataset.stateUrl, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const state = await answer.json();
        show(state);
        next = state.left_ms + 50;
      }
    } catch (error) {
      // Offline: the code shown goes on for one step more; the next try may succeed.
    }
    setTimeout(ask, next);
  }

  setTimeout(ask, Number(corner.dataset.left) + 50);
})();
