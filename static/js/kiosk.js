// Owns the kiosk: shows each step in place, so that no name ever stands in the history, and forgets it by itself.
(function () {
  "use strict";
  const root = document.getElementById("kiosk");
  const words = root.dataset;
  const step = document.getElementById("step");
  const notice = document.getElementById("notice");
  const field = document.getElementById("text");
  const IDLE_MS = 20000;
  const LONG_DONE_MS = 8000;
  const DONE_MS = document.documentElement.dataset.elder === "1" ? LONG_DONE_MS : 3000;
  const POLL_MS = 3000;
  const TIMEOUT_MS = 8000;
  // The page's own CSRF token lasts half a day; a tablet may stand longer.
  const RENEW_MS = 30 * 60 * 1000;
  const SAME_CARD_MS = 6000;
  const GRACE_MS = 10000;

  const opened = Date.now();
  let forgetting = 0;
  let busy = false;
  let camera = null;
  const seen = new Map();

  // ---- steps ---------------------------------------------------------------------------------------------------

  /** What `replaceChildren` does, for tablets whose browser is older than it. */
  function put(place, nodes) {
    const kept = Array.from(nodes);
    place.textContent = "";
    place.append(...kept);
  }

  function forgetIn(ms) {
    clearTimeout(forgetting);
    forgetting = setTimeout(reset, ms);
  }

  /** Back to the first page with nothing of anybody left on it. */
  function reset() {
    clearTimeout(forgetting);
    put(step, []);
    step.hidden = true;
    step.dataset.step = "";
    root.hidden = false;
    put(notice, []);
    if (field) {
      field.form.reset();
      field.blur();
    }
    if (camera) camera.pause(false);
  }

  function say(text) {
    const line = document.createElement("p");
    line.className = "notice notice--warning";
    line.setAttribute("role", "alert");
    line.textContent = text;
    put(notice, [line]);
    forgetIn(IDLE_MS);
  }

  function show(text) {
    const next = new DOMParser().parseFromString(text, "text/html").getElementById("kiosk");
    // Something else than a step: ended, or too old. The server says which.
    if (!next || (next.dataset.step === "start" && next.dataset.state !== words.state)) {
      location.replace(words.startUrl);
      return;
    }
    reset();
    if (next.dataset.step === "start") {
      put(notice, next.querySelector("#notice").childNodes);
      forgetIn(IDLE_MS);
      return;
    }
    step.className = next.className;
    step.dataset.step = next.dataset.step;
    put(step, next.childNodes);
    root.hidden = true;
    step.hidden = false;
    const heading = step.querySelector("h1");
    if (heading) heading.focus();
    window.scrollTo(0, 0);
    const isDone = step.dataset.step === "done";
    // The next one may hold up a card while the last one's name still stands there; nobody while one decides.
    if (camera) camera.pause(!isDone);
    forgetIn(isDone ? DONE_MS : IDLE_MS);
  }

  async function send(url, values) {
    if (busy) return;
    busy = true;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), TIMEOUT_MS);
    try {
      const response = await fetch(url, { method: "POST", body: new URLSearchParams(values), signal: patience.signal });
      // Nobody's answer but the proxy's, perhaps: that page would take the place of the kiosk for good.
      if (response.status >= 500) throw new Error("unavailable");
      show(await response.text());
    } catch {
      reset();
      say(words.textNetwork);
    } finally {
      clearTimeout(timer);
      busy = false;
    }
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-step-form]")) return;
    event.preventDefault();
    const values = new FormData(event.target);
    // At once, and not when the answer is there: what was typed must not wait for a slow network.
    if (field && event.target.contains(field)) field.value = "";
    send(event.target.action, values);
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-reset]")) return;
    event.preventDefault();
    reset();
  });

  for (const name of ["pointerdown", "keydown", "input"]) {
    document.addEventListener(name, () => {
      const isDone = step.dataset.step === "done";
      // Whoever touches it is still reading.
      if (isDone && name === "pointerdown") forgetIn(LONG_DONE_MS);
      else if (!isDone) forgetIn(IDLE_MS);
    });
  }

  // A hand scanner types wherever the focus is; whoever stood here before has gone.
  document.addEventListener("keydown", (event) => {
    if (!field || event.key.length !== 1 || event.key === " " || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === field) return;
    if (!step.hidden) reset();
    field.focus();
  });

  // Kept in memory by the browser and shown again by its back button: never with somebody's name.
  window.addEventListener("pagehide", reset);
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.replace(words.startUrl); });

  // ---- cards ---------------------------------------------------------------------------------------------------

  const cameraButton = document.getElementById("camera");

  function seenByCamera(text) {
    const last = seen.get(text);
    seen.set(text, Date.now());
    if (busy || (last && Date.now() - last < SAME_CARD_MS)) return;
    seen.clear();
    seen.set(text, Date.now());
    send(words.findUrl, { text, csrf_token: field.form.elements.csrf_token.value });
  }

  async function startCamera() {
    try {
      await camera.start();
      document.getElementById("stage").hidden = false;
      cameraButton.hidden = true;
    } catch {
      say(words.textCamera);
    }
  }

  async function offerCamera() {
    const video = document.getElementById("video");
    camera = new CardCamera({ video, script: words.reader, wasm: words.wasm, onText: seenByCamera });
    cameraButton.hidden = !camera.isPossible();
    cameraButton.addEventListener("click", startCamera);
    video.addEventListener("camerastopped", () => {
      document.getElementById("stage").hidden = true;
      cameraButton.hidden = false;
    });
    try {
      const allowed = await navigator.permissions.query({ name: "camera" });
      if (allowed.state === "granted" && camera.isPossible()) startCamera();
    } catch { /* a browser that does not tell: the button asks */ }
  }

  // ---- the code, by the server's clock ---------------------------------------------------------------------------

  const box = document.getElementById("code-box");
  let offset = 0;
  let expiresAt = box ? Number(box.dataset.expiresAt) || 0 : 0;
  // By this device's clock, so that a wrong one or an answer that never comes leaves no dead code standing.
  let deadAt = expiresAt ? opened + Number(box.dataset.period) * 1000 + GRACE_MS : 0;

  function hideDead() {
    if (box) box.hidden = Date.now() > deadAt;
  }

  function showCode(live) {
    offset = live.now - Date.now();
    const isIdle = step.hidden && !busy && !(field && field.value);
    if (isIdle && (live.state !== words.state || Date.now() - opened > RENEW_MS)) {
      location.replace(words.startUrl);
      return;
    }
    if (!live.code || !box) return;
    expiresAt = live.code.expires_at;
    deadAt = Date.now() + expiresAt - live.now + GRACE_MS;
    document.getElementById("code").src = "data:image/svg+xml," + encodeURIComponent(live.code.svg);
    const [left, right] = document.querySelectorAll("#short-code span");
    left.textContent = live.code.short_code.slice(0, 3);
    right.textContent = live.code.short_code.slice(3);
  }

  async function poll() {
    let reached = false;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), TIMEOUT_MS);
    try {
      const response = await fetch(words.codeUrl, {
        headers: { Accept: "application/json" }, cache: "no-store", signal: patience.signal,
      });
      if (response.status === 404) location.replace(words.startUrl);
      if (response.ok) {
        showCode(await response.json());
        reached = true;
      }
    } catch { /* told below */ }
    clearTimeout(timer);
    if (box) document.getElementById("code-trouble").hidden = reached;
    hideDead();
    const untilNext = expiresAt - (Date.now() + offset) + 60;
    setTimeout(poll, reached && untilNext > 0 ? Math.min(untilNext, 15000) : POLL_MS);
  }

  async function stayAwake() {
    if (!("wakeLock" in navigator) || document.visibilityState !== "visible") return;
    try {
      await navigator.wakeLock.request("screen");
    } catch { /* a battery saver may refuse; the page works all the same */ }
  }

  document.addEventListener("visibilitychange", stayAwake);
  stayAwake();
  if (cameraButton) offerCamera();
  setInterval(hideDead, 1000);
  poll();
})();
