// Owns the staff scanner: each card that is read is sent exactly once, however long the network is away.
(function () {
  "use strict";
  const root = document.getElementById("scanner");
  const words = root.dataset;
  const stage = root.querySelector(".scanner__stage");
  const video = document.getElementById("video");
  const result = document.getElementById("result");
  const results = document.getElementById("results");
  const rowTemplate = document.getElementById("scan-row");
  const cameraButton = document.getElementById("camera");
  const stopButton = document.getElementById("camera-stop");
  const torchButton = document.getElementById("torch");
  const nextButton = document.getElementById("next");
  const photo = document.getElementById("photo");
  const form = document.getElementById("card-form");
  const field = document.getElementById("card");
  const trouble = document.getElementById("trouble");
  const signInAgain = document.getElementById("sign-in-again");
  const rapid = document.getElementById("rapid");
  const sound = document.getElementById("sound");
  const csrfTag = document.querySelector('meta[name="csrf-token"]');

  const SAME_CARD_MS = 6000;
  const TIMEOUT_MS = 8000;
  const RETRY_MS = 3000;
  const MOST_ROWS = 30;
  // Of this user: whoever signs in next in the same tab does not send what another has read.
  const KEPT = "scans:" + words.user + ":" + words.scanUrl;
  const ICONS = {
    sending: "clock", waiting: "clock", done: "check-circle", again: "clock-history",
    refused: "exclamation-circle", review: "flag", undone: "arrow-counterclockwise",
  };
  // Hertz and milliseconds: rising for done, twice for again, low and long for what needs a hand.
  const TONES = {
    done: [[880, 90]], again: [[620, 70], [620, 70]], review: [[620, 70], [620, 70]],
    waiting: [[440, 70]], refused: [[220, 320]],
  };
  const BUZZES = { done: 50, again: [40, 60, 40], review: [40, 60, 40], waiting: 30, refused: [120, 80, 120] };

  let working = false;
  let retry = 0;
  let audio = null;
  const seen = new Map();
  const queue = [];

  // ---- what is kept until the server has answered ----------------------------------------------------------

  function keep() {
    const plain = queue.map(({ nonce, card, what, readAt }) => ({ nonce, card, what, readAt }));
    try {
      if (plain.length) sessionStorage.setItem(KEPT, JSON.stringify(plain));
      else sessionStorage.removeItem(KEPT);
    } catch { /* storage may be off: the page itself keeps them, and warns before it is left */ }
  }

  function takeUp() {
    let kept = [];
    try { kept = JSON.parse(sessionStorage.getItem(KEPT)) || []; } catch { /* as above */ }
    for (const item of kept) queue.push({ ...item, row: addRow(item.nonce), decodedAt: performance.now() });
    for (const item of queue) tell(item, { kind: "waiting", message: words.textWaiting });
  }

  window.addEventListener("beforeunload", (event) => {
    if (!queue.length) return;
    event.preventDefault();
    event.returnValue = true; // what older browsers go by
  });

  // ---- telling ---------------------------------------------------------------------------------------------

  function addRow(nonce) {
    const row = rowTemplate.content.firstElementChild.cloneNode(true);
    row.dataset.nonce = nonce;
    results.prepend(row);
    while (results.children.length > MOST_ROWS && results.lastElementChild.dataset.kind !== "waiting") results.lastElementChild.remove();
    document.getElementById("results-head").hidden = false;
    return row;
  }

  function fill(part, told) {
    part.dataset.kind = told.kind;
    part.querySelector(".scan__name").textContent = told.name || "";
    part.querySelector(".scan__words").textContent = told.message;
    part.querySelector("use").setAttribute("href", words.icons + "#" + ICONS[told.kind]);
  }

  function clock(instant) {
    const form = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: words.timeZone };
    return new Date(instant).toLocaleTimeString("zh-CN", form);
  }

  function tell(item, told) {
    // Of what was not recognised, the number that somebody typed is all there is to know it by.
    if (!told.name && /^\d+$/.test(item.card)) told = { ...told, name: item.card };
    fill(item.row, told);
    item.row.querySelector("time").textContent = told.time || clock(item.readAt);
    const undo = item.row.querySelector("button");
    undo.hidden = !told.undo;
    undo.onclick = told.undo ? () => takeBack(item, told, undo) : null;
    result.hidden = false;
    fill(result, told);
    result.querySelector(".scan__detail").textContent = told.detail || "";
    if (told.kind !== "sending") item.row.dataset.ms = Math.round(performance.now() - item.decodedAt);
  }

  function signal(kind) {
    if (navigator.vibrate) navigator.vibrate(BUZZES[kind] || 0);
    const Audio = window.AudioContext || window.webkitAudioContext;
    if (!sound.checked || !Audio || !TONES[kind]) return;
    audio = audio || new Audio();
    audio.resume();
    let at = audio.currentTime;
    for (const [hertz, ms] of TONES[kind]) {
      const tone = audio.createOscillator();
      const loudness = audio.createGain();
      tone.frequency.value = hertz;
      loudness.gain.value = 0.3;
      tone.connect(loudness).connect(audio.destination);
      tone.start(at);
      tone.stop(at + ms / 1000);
      at += ms / 1000 + 0.06;
    }
  }

  function count(told) {
    if (told.attended === undefined) return;
    document.getElementById("attended").textContent = told.attended;
    document.getElementById("expected").textContent = told.expected;
  }

  // ---- sending: one after another, each under the id it was given when it was read ---------------------------

  function newNonce() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function take(text) {
    const card = text.trim();
    if (!card) return;
    const what = (document.querySelector("[name=do]:checked") || { value: "come" }).value;
    const item = { nonce: newNonce(), card, what, readAt: Date.now(), decodedAt: performance.now() };
    item.row = addRow(item.nonce);
    tell(item, { kind: "sending", message: words.textSending });
    queue.push(item);
    keep();
    work();
  }

  async function post(url, values) {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), TIMEOUT_MS);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": csrfTag.content },
        body: new URLSearchParams(values),
        signal: patience.signal,
      });
      // The proxy's own answer may stand in for ours, and is no JSON.
      const isBusy = response.status === 429 || response.status >= 500;
      return { status: response.status, told: isBusy ? {} : await response.json() };
    } finally {
      clearTimeout(timer);
    }
  }

  // Others scan at the next door.
  window.follow(words.live, { told: count });

  async function newCsrf() {
    const text = await (await fetch(location.href, { cache: "no-store" })).text();
    const page = new DOMParser().parseFromString(text, "text/html");
    const tag = page.querySelector('meta[name="csrf-token"]');
    const now = page.getElementById("scanner");
    if (!tag || tag.content === csrfTag.content || !now || now.dataset.user !== words.user) return false;
    csrfTag.content = tag.content;
    return true;
  }

  function sayTrouble(text) {
    trouble.querySelector(".notice__body").textContent = text;
  }

  /** True when the server has given its answer, whatever it is; false: to be sent again later. */
  async function deliver(item) {
    const values = { card: item.card, do: item.what, nonce: item.nonce, age: Math.max(0, Date.now() - item.readAt) };
    let answer;
    try {
      answer = await post(words.scanUrl, values);
      if (answer.told.code === "csrf" && await newCsrf()) answer = await post(words.scanUrl, values);
    } catch {
      sayTrouble(words.textNetwork);
      return false;
    }
    const { status, told } = answer;
    const isOut = status === 401 || told.code === "csrf";
    signInAgain.hidden = !isOut;
    if (isOut || status === 429 || status >= 500) {
      sayTrouble(isOut ? words.textKept : words.textBusy);
      return false;
    }
    if (!told.kind) Object.assign(told, { kind: "refused", message: told.title });
    tell(item, told);
    signal(told.kind);
    count(told);
    if (told.kind === "refused") seen.delete(item.card);
    return true;
  }

  async function work() {
    if (working) return;
    working = true;
    clearTimeout(retry);
    while (queue.length && await deliver(queue[0])) {
      queue.shift();
      keep();
    }
    working = false;
    trouble.hidden = !queue.length;
    for (const item of queue) {
      if (item.row.dataset.kind === "waiting") continue;
      tell(item, { kind: "waiting", message: words.textWaiting });
      signal("waiting");
    }
    if (queue.length) retry = setTimeout(work, RETRY_MS);
  }

  window.addEventListener("online", work);

  async function takeBack(item, told, button) {
    button.disabled = true;
    try {
      const answer = await post(words.undoUrl, { undo: told.undo });
      const said = { ...answer.told, name: told.name };
      if (answer.told.kind === "undone") {
        tell(item, said);
        seen.delete(item.card);
        count(said);
      } else {
        fill(result, { kind: "refused", name: told.name, message: said.detail || said.message || said.title });
      }
    } catch {
      fill(result, { kind: "refused", name: told.name, message: words.textNotUndone });
    } finally {
      button.disabled = false;
      focusField();
    }
  }

  // ---- the ways in: camera, photo, hand scanner, typing ------------------------------------------------------

  const camera = new CardCamera({ video, script: words.reader, wasm: words.wasm, onText: seenByCamera });

  function seenByCamera(text) {
    const last = seen.get(text);
    // A card that stays before the camera is one card, however long it stays.
    seen.set(text, Date.now());
    if (last && Date.now() - last < SAME_CARD_MS) return;
    take(text);
    if (!rapid.checked) {
      camera.pause(true);
      nextButton.hidden = false;
    }
  }

  function goOn() {
    nextButton.hidden = true;
    camera.pause(false);
  }

  async function startCamera() {
    try {
      await camera.start();
    } catch {
      notice(words.textCamera);
      return;
    }
    stage.hidden = stopButton.hidden = false;
    cameraButton.hidden = true;
    focusField();
    torchButton.hidden = !camera.hasTorch();
  }

  function notice(text) {
    result.hidden = false;
    fill(result, { kind: "again", message: text });
    result.querySelector(".scan__detail").textContent = "";
  }

  video.addEventListener("camerastopped", () => {
    stage.hidden = stopButton.hidden = torchButton.hidden = true;
    cameraButton.hidden = false;
    goOn();
  });
  cameraButton.addEventListener("click", startCamera);
  stopButton.addEventListener("click", camera.stop);
  nextButton.addEventListener("click", goOn);
  rapid.addEventListener("change", goOn);
  torchButton.addEventListener("click", () => {
    const on = torchButton.getAttribute("aria-pressed") !== "true";
    torchButton.setAttribute("aria-pressed", String(on));
    camera.torch(on);
  });

  photo.addEventListener("change", async () => {
    const [file] = photo.files;
    if (!file) return;
    let text = "";
    try { text = await camera.read(file); } catch { /* no picture, or no decoder */ }
    photo.value = "";
    if (text) take(text);
    else notice(words.textNone);
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(field.value);
    field.value = "";
    focusField();
  });

  /** For a hand scanner. Not on a phone, whose keyboard would cover the page. */
  function focusField() {
    if (!matchMedia("(pointer: coarse)").matches) field.focus({ preventScroll: true });
  }

  // A hand scanner types wherever the focus is: its first letter brings it to the field.
  document.addEventListener("keydown", (event) => {
    if (event.key.length !== 1 || event.key === " " || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!event.target.matches("input:not([type=checkbox]):not([type=radio]):not([type=file]), textarea, select")) field.focus();
  });

  // ---- switches that stay as they were left ------------------------------------------------------------------

  for (const box of [rapid, sound]) {
    try { box.checked = localStorage.getItem("scanner-" + box.id) !== "off"; } catch { /* storage may be off */ }
    box.addEventListener("change", () => {
      try { localStorage.setItem("scanner-" + box.id, box.checked ? "on" : "off"); } catch { /* as above */ }
    });
  }

  for (const part of root.querySelectorAll("[data-script]")) part.hidden = false;
  cameraButton.hidden = !camera.isPossible();
  takeUp();
  work();
})();
