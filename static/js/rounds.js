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
  const READY_AFTER_MS = 15000;

  let open = null; // { round, title, people } while the names are readable
  let rows = new Map();
  let syncing = false;
  let wait = SOONEST_MS;
  let timer = 0;
  let trouble = "";
  let hiddenAt = 0;
  let drawing = null;
  let drawNext = null;

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

  // One at a time, so that an older state never covers a newer one; who asks meanwhile shares the next.
  function show() {
    if (!drawing) {
      drawing = draw().finally(() => { drawing = null; });
      return drawing;
    }
    if (!drawNext) {
      const start = () => { drawNext = null; return show(); };
      drawNext = drawing.then(start, start);
    }
    return drawNext;
  }

  async function draw() {
    const [rounds, outbox, answers] = await Promise.all([store.rounds(), store.outbox(), store.answers()]);
    const look = answers.filter(wantsLook);
    at("broken").hidden = true;
    // Another page of this phone may have given the list back, or heard that it was stopped.
    if (open && !rounds.some((round) => round.id === open.round && !closedWhy(round))) lockAgain();
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

  // Whatever asks for the page to be drawn: where the phone's storage does not open, the page says so.
  const safely = (work) => async () => {
    try {
      await work();
    } catch (error) {
      at("broken").hidden = false;
    }
  };
  const showSafely = safely(show);

  const closedWhy = (round) => round.gone || (store.isOver(round) ? "over" : "");

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
      const why = closedWhy(round);
      part(card, "pin-form").hidden = Boolean(why) || isOpen;
      part(card, "gone").hidden = !why;
      if (why) part(card, "gone").textContent = words.gone[why];
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
      safely(() => unlock(round.id, field, card))();
    });
    part(card, "drop").addEventListener("click", safely(async () => {
      const look = (await store.answers()).filter((answer) => answer.round === round.id && wantsLook(answer)).length;
      if (!window.confirm(look ? fill(words.drop_ask_look, { n: look }) : words.drop_ask)) return;
      await store.drop(round.id);
      await show();
    }));
    return card;
  }

  // ---- opening and locking -------------------------------------------------------------------------------

  async function unlock(id, field, card) {
    const [error, button] = [part(card, "pin-error"), part(card, "pin-go")];
    const say = (text) => { error.textContent = text; error.hidden = !text; };
    if (!/^\d{6}$/.test(field.value)) { say(words.pin_digits); return; }
    await expire();
    const round = (await store.rounds()).find((one) => one.id === id);
    if (!round || closedWhy(round)) { await show(); return; }
    button.disabled = true;
    say("");
    const names = await store.unlock(round, field.value);
    button.disabled = false;
    field.value = "";
    if (!names) {
      const missed = await store.change(id, (one) => { one.misses += 1; });
      if (missed.misses >= MOST_MISSES) await store.forgetNames(id, "misses");
      else say(fill(words.pin_wrong, { n: MOST_MISSES - missed.misses }));
      await show();
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
    let result = "";
    try {
      result = await store.note(open.round, ref, status, excuse);
    } catch (error) {
      window.alert(words.not_kept);
      return;
    }
    if (result === "sent_before") trouble = words.sent_before;
    if (result === "list_gone") window.alert(words.list_gone);
    await showSafely();
    if (navigator.onLine && !syncing && wait === SOONEST_MS) later(SOONEST_MS);
  }

  async function tap(event) {
    const button = event.target.closest("button");
    if (!button || !open) return;
    const row = button.closest("[data-ref]");
    const [ref, does] = [row.dataset.ref, button.dataset.does];
    if (does === "present") {
      await note(ref, "present", "");
      refocus(row);
    } else if (does === "why") {
      part(row, "buttons").hidden = true;
      part(row, "reasons").hidden = false;
      part(row, "reasons").querySelector("button").focus();
    } else if (does === "excused") {
      await note(ref, "excused", button.value);
      refocus(row);
    } else if (does === "cancel") {
      part(row, "buttons").hidden = false;
      part(row, "reasons").hidden = true;
      row.querySelector("[data-does=why]").focus();
    } else if (does === "undo") {
      const mine = (await store.outbox()).find((tick) => tick.round === open.round && tick.ref === ref);
      if (mine && !(await store.undo(mine.id))) trouble = words.sent_before;
      await show();
      refocus(row);
    }
  }

  // The button that was tapped is hidden now: whoever works by keyboard or reader goes on in the same row.
  function refocus(row) {
    const focused = document.activeElement;
    if (!open || (focused && focused !== document.body && focused.offsetParent)) return;
    let shown = row;
    while (shown && shown.hidden) shown = shown.nextElementSibling;
    const buttons = [part(row, "undo"), row.querySelector("[data-does=present]")];
    const target = (shown === row && buttons.find((one) => one.offsetParent)) || (shown ? part(shown, "name") : at("open-title"));
    target.focus({ preventScroll: true });
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
      const response = await fetch(`${words.page}/${round.number}/ticks`, {
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
      await hear(round.id, answer);
      await show();
    }
  }

  // The server's time counts again from here, and only the server ends a list for good.
  async function hear(id, answer) {
    const [now, end] = [Date.parse(answer.now), Date.parse(answer.expires_at)];
    if (answer.revoked || now >= end) await store.forgetNames(id, answer.revoked ? "revoked" : "expired");
    else await store.change(id, (one) => Object.assign(one, { ahead: now - Date.now(), seen: now, expiresAt: end }));
  }

  async function sync(asking) {
    clearTimeout(timer);
    if (syncing) return;
    syncing = true;
    trouble = "";
    const errors = [];
    try {
      await show();
      const device = await store.device();
      for (const round of await store.rounds()) {
        // One that the server does not take holds up no other.
        await sendRound(round, device, asking && !round.gone).catch((error) => errors.push(error));
      }
    } catch (error) {
      errors.push(error);
    } finally {
      syncing = false;
    }
    await safely(() => afterwards(errors))();
    if (!at("broken").hidden) backOff();
  }

  const wantsPerson = (error) => error.status === 404 || error.status === 422;

  // Says what went wrong, first what a person has to see to, and when it is tried again.
  async function afterwards(errors) {
    const worst = errors.find(wantsPerson) || errors[0];
    if (worst) trouble = words.troubles[worst.status] || (worst.status ? words.troubles.server : words.troubles.network);
    const isPassing = errors.some((error) => !wantsPerson(error));
    if (!isPassing) wait = SOONEST_MS;
    await show();
    if (!(await store.outbox()).length) return;
    if (isPassing) backOff();
    else later(LATEST_MS);
  }

  function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(() => sync(false), ms);
  }

  function backOff() {
    later(wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LATEST_MS);
  }

  // ---- the end of a round --------------------------------------------------------------------------------

  // A list that is over is hidden by the phone's time and deleted once the server says so too: the phone's
  // clock may have jumped. True if one is over that was not when last looked at.
  const over = new Set();

  async function expire() {
    let isNew = false;
    for (const round of await store.rounds()) {
      if (round.gone) continue;
      const now = store.timeOf(round);
      if (now - round.seen > LOOK_EVERY_MS / 2) await store.change(round.id, (one) => { one.seen = now; });
      if (!store.isOver(round)) over.delete(round.id);
      else if (!over.has(round.id)) {
        over.add(round.id);
        isNew = true;
      }
    }
    return isNew;
  }

  const lookAgain = safely(async () => {
    const isNew = await expire();
    await show();
    if (isNew) sync(true);
  });

  document.addEventListener("visibilitychange", async () => {
    if (document.visibilityState === "hidden") { hiddenAt = Date.now(); return; }
    if (hiddenAt && Date.now() - hiddenAt > LOCK_AFTER_MS) lockAgain();
    await lookAgain();
  });

  // ---- beginning -----------------------------------------------------------------------------------------

  // Also without a network: what was kept before still opens the page.
  async function prepare() {
    const workers = navigator.serviceWorker;
    const tell = (isReady) => { at("ready").hidden = !isReady; at("not-ready").hidden = isReady; };
    workers.ready.then(() => tell(true));
    const tried = await workers.register(words.worker, { scope: words.page }).catch(() => null);
    await Promise.race([workers.ready, new Promise((resolve) => setTimeout(resolve, tried ? READY_AFTER_MS : 0))]);
    const known = await workers.getRegistration(words.page).catch(() => null);
    tell(Boolean(known && known.active));
  }

  async function begin() {
    if (!store.usable) {
      at("unusable").hidden = false;
      return;
    }
    prepare();
    at("send").addEventListener("click", () => { wait = SOONEST_MS; sync(true); });
    at("people").addEventListener("click", (event) => safely(() => tap(event))());
    at("search").addEventListener("input", () => open && narrow());
    at("only").addEventListener("change", () => open && narrow());
    at("lock").addEventListener("click", () => { lockAgain(); showSafely(); });
    window.addEventListener("online", () => { wait = SOONEST_MS; sync(true); });
    window.addEventListener("offline", showSafely);
    setInterval(lookAgain, LOOK_EVERY_MS);
    await lookAgain();
    if (!at("broken").hidden) backOff();
    else if ((await store.rounds()).length) sync(true);
  }

  safely(begin)();
})();
