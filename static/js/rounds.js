// Owns the page of a round: opening the names by PIN, one-tap ticks, and sending them when there is a network.
// Ticks are sent by opaque refs, so nothing needs the PIN to leave the phone.
(function () {
  "use strict";
  const store = window.RoundStore;
  const at = (id) => document.getElementById(id);
  const words = JSON.parse(at("words").textContent);
  const MOST = 50;
  const TIMEOUT_MS = 20000;
  const [SOONEST_MS, LATEST_MS] = [5000, 300000];
  const MOST_MISSES = 10;
  const LOCK_AFTER_MS = 15 * 60000;
  const LOOK_EVERY_MS = 60000;

  let open = null; // { round, title, people } while the names are readable
  let rows = new Map();
  let syncing = false;
  let wait = SOONEST_MS;
  let timer = 0;
  let trouble = "";
  let hiddenAt = 0;

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => (values[name] === undefined ? "" : values[name]));
  const clone = (id) => at(id).content.firstElementChild.cloneNode(true);
  const part = (within, name) => within.querySelector(`[data-part="${name}"]`);
  const moment = (when) => new Date(when).toLocaleString(words.locale, {
    month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false, timeZone: words.zone,
  });
  const clock = (when) => new Date(when).toLocaleTimeString(words.locale, {
    hour: "2-digit", minute: "2-digit", hour12: false, timeZone: words.zone,
  });

  // ---- what became of a tick -----------------------------------------------------------------------------

  const COUNTED = ["present", "late", "left_early", "made_up"];
  const differs = (answer) => answer.found !== answer.status && !(COUNTED.includes(answer.found) && COUNTED.includes(answer.status));
  const wantsLook = (answer) => (answer.result === "already_recorded" ? differs(answer) : answer.result !== "recorded");

  function explanation(answer) {
    const values = {
      by: answer.by || words.somebody, found: words.statuses[answer.found], status: words.statuses[answer.status],
      time: answer.recordedAt ? moment(answer.recordedAt) : "", noted: moment(answer.occurredAt),
    };
    return fill(words.outcomes[answer.result === "already_recorded" ? "conflict" : answer.result] || words.outcomes.other, values);
  }

  // ---- the page ------------------------------------------------------------------------------------------

  async function show() {
    const [rounds, outbox, answers] = await Promise.all([store.rounds(), store.outbox(), store.answers()]);
    const look = answers.filter(wantsLook);
    at("n-waiting").textContent = outbox.length;
    at("n-sent").textContent = answers.length - look.length;
    at("n-look").textContent = look.length;
    at("state").textContent = outbox.length || answers.length || syncing ? stateText(outbox) : words.nothing_yet;
    at("state").dataset.kind = syncing ? "busy" : outbox.length ? "waiting" : "done";
    at("send").hidden = !outbox.length;
    at("send").disabled = syncing;
    at("outbox").hidden = !rounds.length && !outbox.length && !answers.length;
    at("none").hidden = Boolean(rounds.length);
    at("net").textContent = navigator.onLine ? words.online : words.offline;
    at("net").dataset.online = navigator.onLine ? "1" : "0";
    showLook(look, rounds);
    showCards(rounds, outbox);
    if (open) showRows(outbox, answers);
  }

  function stateText(outbox) {
    if (syncing) return words.sending;
    if (!outbox.length) return words.all_sent;
    if (outbox.some((tick) => tick.why === "not_open")) return words.not_open;
    return trouble || (navigator.onLine ? words.waiting : words.waiting_offline);
  }

  function showLook(look, rounds) {
    at("look").hidden = !look.length;
    const list = at("look-list");
    list.textContent = "";
    for (const answer of look) {
      const item = clone("look-item");
      const person = open && open.round === answer.round && open.people.find((one) => one.ref === answer.ref);
      const isGone = rounds.some((round) => round.id === answer.round && round.gone);
      part(item, "name").textContent = person ? person.name : isGone ? words.gone_name : words.locked_name;
      part(item, "text").textContent = explanation(answer);
      list.append(item);
    }
  }

  // Cards of rounds are kept while they are there: somebody may be typing a PIN.
  function showCards(rounds, outbox) {
    const list = at("cards");
    for (const card of Array.from(list.children)) {
      if (!rounds.some((round) => String(round.id) === card.dataset.round)) card.remove();
    }
    for (const round of rounds) {
      let card = list.querySelector(`[data-round="${round.id}"]`);
      if (!card) list.append((card = makeCard(round)));
      const waiting = outbox.filter((tick) => tick.round === round.id).length;
      const isOpen = Boolean(open && open.round === round.id);
      part(card, "head").hidden = isOpen;
      part(card, "pin-form").hidden = Boolean(round.gone) || isOpen;
      part(card, "gone").hidden = !round.gone;
      if (round.gone) part(card, "gone").textContent = words.gone[round.gone];
      part(card, "drop").disabled = Boolean(waiting);
      part(card, "drop-why").textContent = waiting ? fill(words.drop_later, { n: waiting }) : "";
    }
  }

  function makeCard(round) {
    const card = clone("card");
    card.dataset.round = round.id;
    part(card, "title").textContent = fill(words.taken_at, { time: moment(round.takenAt) });
    part(card, "until").textContent = fill(words.until, { n: round.people, time: moment(round.expiresAt) });
    const field = part(card, "pin");
    field.id = `pin-${round.id}`;
    part(card, "pin-label").htmlFor = field.id;
    part(card, "pin-form").addEventListener("submit", (event) => {
      event.preventDefault();
      unlock(round.id, field, card);
    });
    part(card, "drop").addEventListener("click", async () => {
      if (!window.confirm(words.drop_ask) || !(await store.drop(round.id))) return;
      if (open && open.round === round.id) lockAgain();
      show();
    });
    return card;
  }

  // ---- opening and locking -------------------------------------------------------------------------------

  async function unlock(id, field, card) {
    const [error, button] = [part(card, "pin-error"), part(card, "pin-go")];
    const say = (text) => { error.textContent = text; error.hidden = !text; };
    if (!/^\d{6}$/.test(field.value)) { say(words.pin_digits); return; }
    await expire();
    const round = (await store.rounds()).find((one) => one.id === id);
    if (!round || round.gone) { show(); return; }
    button.disabled = true;
    say("");
    const names = await store.unlock(round, field.value);
    button.disabled = false;
    field.value = "";
    if (!names) {
      const missed = await store.change(id, (one) => { one.misses += 1; });
      if (missed.misses >= MOST_MISSES) await store.forgetNames(id, "misses");
      else say(fill(words.pin_wrong, { n: MOST_MISSES - missed.misses }));
      show();
      return;
    }
    if (round.misses) await store.change(id, (one) => { one.misses = 0; });
    open = { round: id, title: names.title, people: names.people };
    showPeople(round);
    await show();
    at("open-title").focus();
  }

  function lockAgain() {
    open = null;
    rows = new Map();
    at("people").textContent = "";
    at("open-title").textContent = "";
    at("open").hidden = true;
  }

  function showPeople(round) {
    at("open-title").textContent = open.title;
    at("open-until").textContent = fill(words.until, { n: open.people.length, time: moment(round.expiresAt) });
    at("open").hidden = false;
    at("search").value = "";
    rows = new Map();
    const list = document.createDocumentFragment();
    for (const person of open.people) {
      const row = clone("row");
      row.dataset.ref = person.ref;
      part(row, "name").textContent = person.name;
      part(row, "org").textContent = person.org;
      for (const button of row.querySelectorAll("button")) button.setAttribute("aria-label", `${person.name} ${button.textContent.trim()}`);
      rows.set(person.ref, row);
      list.append(row);
    }
    at("people").textContent = "";
    at("people").append(list);
  }

  function showRows(outbox, answers) {
    const byRef = (list) => new Map(list.filter((one) => one.round === open.round).map((one) => [one.ref, one]));
    const [waiting, answered] = [byRef(outbox), byRef(answers)];
    for (const [ref, row] of rows) showRow(row, waiting.get(ref), answered.get(ref));
    narrow();
  }

  function showRow(row, waiting, answer) {
    const tick = waiting || answer;
    // Hundreds of rows: only those are drawn anew of which something has changed.
    const drawn = tick ? [tick.id, Boolean(answer), tick.tried].join() : "";
    if (row.drawn === drawn) return;
    row.drawn = drawn;
    row.dataset.status = tick ? tick.status : "";
    part(row, "buttons").hidden = Boolean(tick);
    part(row, "reasons").hidden = true;
    part(row, "done").hidden = !tick;
    part(row, "undo").hidden = !waiting || waiting.tried;
    if (!tick) return;
    const told = answer && answer.result === "already_recorded" ? answer.found : tick.status;
    for (const shape of part(row, "done").querySelectorAll("[data-shape]")) shape.hidden = shape.dataset.shape !== shapeOf(told);
    const how = waiting ? words.row_waiting : wantsLook(answer) ? words.row_look : words.row_sent;
    part(row, "how").textContent = [tick.excuse ? words.reasons[tick.excuse] : "", clock(tick.occurredAt), how].filter(Boolean).join(" · ");
    row.dataset.state = waiting ? "waiting" : wantsLook(answer) ? "look" : "sent";
  }

  const shapeOf = (status) => (COUNTED.includes(status) ? "present" : status);

  function narrow() {
    const wanted = at("search").value.trim().toLowerCase();
    const only = at("only").checked;
    let left = 0;
    let found = 0;
    for (const person of open.people) {
      const row = rows.get(person.ref);
      const matches = !wanted || [person.name, person.org].some((text) => text.includes(wanted))
        || person.pinyin.split(" ").some((text) => text.startsWith(wanted));
      if (!row.dataset.status) left += 1;
      row.hidden = !matches || (only && Boolean(row.dataset.status));
      if (!row.hidden) found += 1;
    }
    at("left").textContent = fill(words.left, { n: left });
    at("nobody").hidden = Boolean(found);
  }

  // ---- ticking -------------------------------------------------------------------------------------------

  async function note(ref, status, excuse) {
    try {
      if (!(await store.note(open.round, ref, status, excuse))) trouble = words.sent_before;
    } catch (error) {
      window.alert(words.not_kept);
      return;
    }
    await show();
    if (navigator.onLine && !syncing && wait === SOONEST_MS) later(SOONEST_MS);
  }

  async function tap(event) {
    const button = event.target.closest("button");
    if (!button || !open) return;
    const row = button.closest("[data-ref]");
    const [ref, does] = [row.dataset.ref, button.dataset.does];
    if (does === "present") await note(ref, "present", "");
    else if (does === "why") {
      part(row, "buttons").hidden = true;
      part(row, "reasons").hidden = false;
      part(row, "reasons").querySelector("button").focus();
    } else if (does === "excused") await note(ref, "excused", button.value);
    else if (does === "cancel") {
      part(row, "buttons").hidden = false;
      part(row, "reasons").hidden = true;
    }
    else if (does === "undo") {
      const mine = (await store.outbox()).find((tick) => tick.round === open.round && tick.ref === ref);
      if (mine && !(await store.undo(mine.id))) trouble = words.sent_before;
      await show();
    }
  }

  // ---- sending -------------------------------------------------------------------------------------------

  async function post(round, batch, device) {
    const stop = new AbortController();
    const limit = setTimeout(() => stop.abort(), TIMEOUT_MS);
    try {
      const items = batch.map((tick) => {
        const item = { id: tick.id, ref: tick.ref, status: tick.status, occurred_at: tick.occurredAt };
        if (tick.excuse) item.excuse_reason = tick.excuse;
        return item;
      });
      const response = await fetch(`${words.page}/${round.id}/ticks`, {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/json", Authorization: `Bearer ${round.token}` },
        body: JSON.stringify({ device, sent_at: new Date().toISOString(), items }),
        credentials: "omit",
        cache: "no-store",
        signal: stop.signal,
      });
      if (!response.ok) throw Object.assign(new Error(String(response.status)), { status: response.status });
      return await response.json();
    } finally {
      clearTimeout(limit);
    }
  }

  // Batches until nothing is left; `asking`: also where nothing waits, to hear whether the round was stopped.
  async function sendRound(round, device, asking) {
    const told = new Set();
    for (let first = true; ; first = false) {
      const batch = await store.take(round.id, MOST, told);
      if (!batch.length && !(first && asking)) return;
      const answer = await post(round, batch, device);
      await store.settle(batch, answer.items);
      for (const tick of batch) told.add(tick.id);
      if (answer.revoked) await forget(round.id, "revoked");
      else await store.change(round.id, (one) => { one.ahead = Date.parse(answer.now) - Date.now(); });
      await show();
    }
  }

  async function sync(asking) {
    clearTimeout(timer);
    if (syncing) return;
    syncing = true;
    trouble = "";
    await show();
    try {
      const device = await store.device();
      for (const round of await store.rounds()) await sendRound(round, device, asking && !round.gone);
      wait = SOONEST_MS;
    } catch (error) {
      trouble = words.troubles[error.status] || (error.status ? words.troubles.server : words.troubles.network);
      if (error.status !== 404 && error.status !== 422) backOff();
    } finally {
      syncing = false;
    }
    await show();
    if (!trouble && (await store.outbox()).length) later(LATEST_MS);
  }

  function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(() => sync(false), ms);
  }

  async function backOff() {
    if (!(await store.outbox()).length) return;
    later(wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LATEST_MS);
  }

  // ---- the end of a round --------------------------------------------------------------------------------

  async function forget(id, why) {
    await store.forgetNames(id, why);
    if (open && open.round === id) lockAgain();
  }

  // By the server's clock as last heard, and never backwards: turning the phone's clock back opens nothing.
  async function expire() {
    for (const round of await store.rounds()) {
      const now = Math.max(Date.now() + round.ahead, round.seen);
      if (round.gone) continue;
      if (now >= round.expiresAt) await forget(round.id, "expired");
      else if (now - round.seen > LOOK_EVERY_MS / 2) await store.change(round.id, (one) => { one.seen = now; });
    }
  }

  async function lookAgain() {
    await expire();
    await show();
  }

  document.addEventListener("visibilitychange", async () => {
    if (document.visibilityState === "hidden") { hiddenAt = Date.now(); return; }
    if (hiddenAt && Date.now() - hiddenAt > LOCK_AFTER_MS) lockAgain();
    await lookAgain();
  });

  // ---- beginning -----------------------------------------------------------------------------------------

  async function prepare() {
    const registration = await navigator.serviceWorker.register(words.worker, { scope: words.page });
    await navigator.serviceWorker.ready;
    at("ready").hidden = !registration.active;
  }

  async function begin() {
    if (!store.usable) {
      at("unusable").hidden = false;
      return;
    }
    prepare().catch(() => {});
    at("send").addEventListener("click", () => { wait = SOONEST_MS; sync(true); });
    at("people").addEventListener("click", tap);
    at("search").addEventListener("input", () => open && narrow());
    at("only").addEventListener("change", () => open && narrow());
    at("lock").addEventListener("click", () => { lockAgain(); show(); });
    window.addEventListener("online", () => { wait = SOONEST_MS; sync(true); });
    window.addEventListener("offline", show);
    setInterval(lookAgain, LOOK_EVERY_MS);
    await lookAgain();
    if ((await store.rounds()).length) sync(true);
  }

  begin();
})();
