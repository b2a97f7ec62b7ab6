// Owns the projector page: fetches each code in time by the server's clock, and keeps going through a lost network.
(function () {
  "use strict";
  const stage = document.getElementById("stage");
  const code = document.getElementById("code");
  const [left, right] = document.querySelectorAll("#short-code span");
  const attended = document.getElementById("attended");
  const expected = document.getElementById("expected");
  const ring = document.getElementById("ring");
  const clock = document.getElementById("clock");
  const trouble = document.getElementById("trouble");
  const POLL_MS = 2000;
  const TIMEOUT_MS = 5000;

  let offset = Number(stage.dataset.now) - Date.now();
  let expiresAt = Number(stage.dataset.expiresAt) || 0;
  let period = (Number(stage.dataset.period) || 15) * 1000;
  let shownUrl = "";

  function showState(state) {
    for (const part of stage.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== state;
  }

  function show(live) {
    offset = live.now - Date.now();
    attended.textContent = live.attended;
    expected.textContent = live.expected;
    showState(live.state);
    if (!live.code) {
      expiresAt = 0;
      return;
    }
    expiresAt = live.code.expires_at;
    period = live.code.period_seconds * 1000;
    if (live.code.url !== shownUrl) {
      shownUrl = live.code.url;
      code.src = "data:image/svg+xml," + encodeURIComponent(live.code.svg);
      left.textContent = live.code.short_code.slice(0, 3);
      right.textContent = live.code.short_code.slice(3);
    }
  }

  async function fetchState() {
    const response = await fetch(stage.dataset.stateUrl, {
      headers: { Accept: "application/json" },
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 401) location.reload();
    if (!response.ok) throw new Error(String(response.status));
    return response.json();
  }

  async function poll() {
    try {
      show(await fetchState());
      trouble.hidden = true;
    } catch {
      trouble.hidden = false;
    }
    // Just after the step ends, so that the next code is there at once; otherwise for the count.
    const untilNext = expiresAt - (Date.now() + offset) + 60;
    setTimeout(poll, untilNext > 0 ? Math.min(POLL_MS, untilNext) : POLL_MS);
  }

  function tick() {
    const now = Date.now() + offset;
    const rest = Math.max(0, Math.min(1, (expiresAt - now) / period));
    // A code that no longer passes must not invite anybody to scan it.
    const isDead = expiresAt > 0 && now > expiresAt + period;
    stage.classList.toggle("stage--stale", isDead);
    ring.setAttribute("stroke-dasharray", `${(rest * 100).toFixed(1)} 100`);
    clock.textContent = new Date(now).toLocaleTimeString("zh-CN", {
      hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Shanghai",
    });
  }

  async function stayAwake() {
    if (!("wakeLock" in navigator) || document.visibilityState !== "visible") return;
    try {
      await navigator.wakeLock.request("screen");
    } catch {
      // A battery saver may refuse; the page works all the same.
    }
  }

  document.addEventListener("visibilitychange", stayAwake);
  stayAwake();
  setInterval(tick, 250);
  tick();
  poll();
})();
