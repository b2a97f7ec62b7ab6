// Owns the projector page: fetches each code before the one shown ends, turns it by the server's clock, takes
// away a code that no longer passes, and keeps going through lost networks, restarts and an ended sign-in.
(() => {
  "use strict";

  const stage = document.getElementById("stage");
  const code = document.getElementById("code");
  const [left, right] = document.querySelectorAll("#short-code span");
  const attended = document.getElementById("attended");
  const expected = document.getElementById("expected");
  const ring = document.getElementById("ring");
  const clock = document.getElementById("clock");
  const trouble = document.getElementById("trouble");
  const signedOut = document.getElementById("signed-out");
  const AHEAD_MS = 4200; // the server gives the next code out in the last five seconds
  const IDLE_MS = 10000;
  const RETRY_MS = 1500;
  const TIMEOUT_MS = 4000;
  // Whoever scans in the last moment still needs a second until the server has the code.
  const MARGIN_MS = 1000;

  let state = stage.dataset.state;
  let shown = stage.dataset.expiresAt ? { url: code.src, expiresAt: Number(stage.dataset.expiresAt) } : null;
  let next = null;
  let period = (Number(stage.dataset.period) || 15) * 1000;
  let timer = 0;
  let fetching = false;
  let tries = 0;

  // ---- the server's clock -------------------------------------------------------------------------------

  // Both clocks of this computer: the one may be set anew, the other may stand still while it sleeps.
  let offset = Number(stage.dataset.now) - Date.now();
  let drift = Date.now() - performance.now();
  let doubt = Infinity; // half the time the answer was under way
  let isSure = true;

  const serverNow = () => Date.now() + offset;

  function setClock(now, askedAt, answeredAt) {
    const half = (answeredAt - askedAt) / 2;
    const changed = Math.abs(Date.now() - performance.now() - drift) > 1000;
    // A quick answer tells the time better than a slow one; after an hour any is better than none.
    if (half <= doubt || changed || !isSure) {
      offset = now - (Date.now() - half);
      doubt = half;
    } else doubt += 5;
    drift = Date.now() - performance.now();
    isSure = true;
  }

  // ---- what is shown ------------------------------------------------------------------------------------

  function showState(name) {
    state = name;
    for (const part of stage.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== name;
    stayAwake();
  }

  function showCounts(live) {
    attended.textContent = live.attended;
    expected.textContent = live.expected;
    expected.parentElement.hidden = !live.expected;
  }

  /** A code ready to be shown: its picture is decoded, so that it stands there whole in one frame. */
  async function prepared(given) {
    const picture = new Image();
    picture.src = `data:image/svg+xml,${encodeURIComponent(given.svg)}`;
    await picture.decode();
    return { url: given.url, src: picture.src, digits: given.short_code, expiresAt: given.expires_at };
  }

  function show(ready) {
    if (!shown || ready.url !== shown.url) {
      code.src = ready.src;
      left.textContent = ready.digits.slice(0, 3);
      right.textContent = ready.digits.slice(3);
    }
    shown = ready;
  }

  function tick() {
    const now = serverNow();
    // The computer slept, or its clock was set: nothing is known of the time until the server was asked.
    if (Math.abs(Date.now() - performance.now() - drift) > 2000 && isSure) {
      isSure = false;
      soon(0);
    }
    if (next && now >= next.expiresAt - period) {
      show(next);
      next = null;
      soon(untilWanted());
    }
    const rest = shown ? (shown.expiresAt - now) / period : 0;
    // Passes for one step more; not a moment longer may it invite anybody to scan it.
    const isStale = !shown || !isSure || now > shown.expiresAt + period - MARGIN_MS;
    stage.classList.toggle("stage--stale", isStale);
    ring.setAttribute("stroke-dasharray", `${(Math.max(0, Math.min(1, rest)) * 100).toFixed(1)} 100`);
    const text = new Date(now).toLocaleTimeString("zh-CN", {
      hour: "2-digit", minute: "2-digit", hour12: false, timeZone: stage.dataset.zone,
    });
    if (clock.textContent !== text) clock.textContent = text;
  }

  // ---- fetching -----------------------------------------------------------------------------------------

  function soon(ms) {
    clearTimeout(timer);
    timer = setTimeout(fetchCode, Math.max(0, ms));
  }

  /** Until the next code is given out; a little apart, for the server shows many halls at once. */
  function untilWanted() {
    if (state !== "open" || !shown) return IDLE_MS;
    return shown.expiresAt - AHEAD_MS - serverNow() + Math.random() * 500;
  }

  async function ask() {
    const stop = new AbortController();
    const late = setTimeout(() => stop.abort(), TIMEOUT_MS);
    const askedAt = performance.now();
    try {
      const response = await fetch(stage.dataset.stateUrl, {
        headers: { Accept: "application/json" }, cache: "no-store", signal: stop.signal,
      });
      if (response.status === 401 || response.status === 403) return null;
      if (!response.ok) throw new Error(String(response.status));
      const live = await response.json();
      setClock(live.now, askedAt, performance.now());
      return live;
    } finally {
      clearTimeout(late);
    }
  }

  async function fetchCode() {
    if (fetching) return;
    fetching = true;
    try {
      const live = await ask();
      tries = 0;
      trouble.hidden = true;
      signedOut.hidden = live !== null;
      // Signed out. Somebody may sign in again beside this page: it goes on asking.
      if (!live) return soon(IDLE_MS);
      showCounts(live);
      if (live.code) {
        period = live.code.period_seconds * 1000;
        // Not back to a code that has been turned while the answer was under way.
        if (!shown || live.code.expires_at >= shown.expiresAt) show(await prepared(live.code));
        next = live.next ? await prepared(live.next) : null;
      } else {
        shown = null;
        next = null;
      }
      showState(live.state);
      tick();
      soon(next ? untilWanted() + period : Math.max(untilWanted(), live.code ? 300 : IDLE_MS));
    } catch {
      tries += 1;
      // One lost request is made good before anybody needs to know.
      trouble.hidden = tries < 2 || !signedOut.hidden;
      soon(RETRY_MS * (1 + Math.random()));
    } finally {
      fetching = false;
    }
  }

  window.follow(stage.dataset.live, {
    told: (live) => {
      showCounts(live);
      // Opened, closed or cancelled elsewhere.
      if (live.state !== state) soon(0);
    },
  });

  // ---- the screen stays on while there is something to see ------------------------------------------------

  let lock = null;

  async function stayAwake() {
    const wanted = state === "open" || state === "published";
    if (!("wakeLock" in navigator) || document.hidden) return;
    try {
      if (!wanted && lock) await lock.release();
      if (!wanted || lock) return;
      lock = await navigator.wakeLock.request("screen");
      // Given up whenever the page is hidden; taken anew when it is seen again.
      lock.addEventListener("release", () => { lock = null; });
    } catch {
      // A battery saver may refuse; the page works all the same.
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    stayAwake();
    tick();
    soon(0);
  });
  window.addEventListener("online", () => soon(0));
  setInterval(tick, 200);
  tick();
  stayAwake();
  soon(0);
})();
