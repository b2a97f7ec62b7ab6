// Owns what a helper's phone keeps of a round: names sealed under the PIN, and ticks by opaque refs alone.
// A tick leaves the outbox in the same transaction in which its answer is stored.
window.RoundStore = (function () {
  "use strict";
  const NAME = "bulou-rounds";
  const ITERATIONS = 600000;
  const usable = Boolean(window.isSecureContext && window.indexedDB && window.crypto && crypto.subtle && navigator.serviceWorker);
  let opening = null;

  // ---- the database --------------------------------------------------------------------------------------

  function database() {
    if (!opening) {
      opening = new Promise((resolve, reject) => {
        const request = indexedDB.open(NAME, 1);
        request.onupgradeneeded = () => {
          request.result.createObjectStore("rounds", { keyPath: "id" });
          request.result.createObjectStore("outbox", { keyPath: "id" });
          request.result.createObjectStore("answers", { keyPath: "id" });
          request.result.createObjectStore("settings");
        };
        request.onsuccess = () => {
          request.result.onclose = forget;
          request.result.onversionchange = () => { request.result.close(); forget(); };
          resolve(request.result);
        };
        request.onerror = () => { forget(); reject(request.error); };
      });
    }
    return opening;
  }

  // The next one who asks opens it anew: a phone short of memory may close it at any time.
  function forget() {
    opening = null;
  }

  async function begin(names, mode, how) {
    try {
      return (await database()).transaction(names, mode, how);
    } catch (error) {
      // Some browsers close it without a word.
      if (error.name !== "InvalidStateError") throw error;
      forget();
      return (await database()).transaction(names, mode, how);
    }
  }

  const asked = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  // Runs `work` with the named stores, and returns what it returned once everything is on the disk.
  async function changing(names, work) {
    const transaction = await begin(names, "readwrite", { durability: "strict" });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    try {
      const result = await work(...names.map((name) => transaction.objectStore(name)));
      await done;
      return result;
    } catch (error) {
      done.catch(() => {});
      try { transaction.abort(); } catch (over) { /* it was over already */ }
      throw error;
    }
  }

  async function all(name) {
    return asked((await begin([name], "readonly")).objectStore(name).getAll());
  }

  // ---- sealing -------------------------------------------------------------------------------------------

  async function key(pin, salt, iterations) {
    const raw = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveKey"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
    return crypto.subtle.deriveKey(how, raw, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  }

  async function lock(pin) {
    const salt = crypto.getRandomValues(new Uint8Array(16));
    return { salt, iterations: ITERATIONS, key: await key(pin, salt, ITERATIONS) };
  }

  // Keeps a round that the server handed over; `made` is the lock that its names go behind. Its key is made
  // here: a server put back from a copy gives a number twice, and ticks of the first still need its token.
  async function keep(given, made) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(given.sealed));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, made.key, plain);
    const round = {
      id: uuid(), keptAt: Date.now(), number: given.id, token: given.token, takenAt: given.taken_at, expiresAt: Date.parse(given.expires_at),
      people: given.sealed.people.length, ahead: Date.parse(given.now) - Date.now(), seen: 0, misses: 0, gone: "",
      salt: made.salt, iterations: made.iterations, iv, sealed,
    };
    await changing(["rounds"], (rounds) => asked(rounds.put(round)));
  }

  // The names of a round, or null for a wrong PIN.
  async function unlock(round, pin) {
    const made = await key(pin, round.salt, round.iterations);
    try {
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: round.iv }, made, round.sealed);
      return JSON.parse(new TextDecoder().decode(plain));
    } catch (error) {
      return null;
    }
  }

  // ---- rounds --------------------------------------------------------------------------------------------

  function change(id, how) {
    return changing(["rounds"], async (rounds) => {
      const round = await asked(rounds.get(id));
      if (!round) return null;
      how(round);
      await asked(rounds.put(round));
      return round;
    });
  }

  // The time by the server's clock as last heard, and never backwards: turning the phone's clock back opens nothing.
  const timeOf = (round) => Math.max(Date.now() + round.ahead, round.seen);
  const isOver = (round) => timeOf(round) >= round.expiresAt;

  // The names go; the token stays, so that what waits can still be sent.
  function forgetNames(id, why) {
    return change(id, (round) => {
      round.gone = round.gone || why;
      round.sealed = round.iv = round.salt = null;
    });
  }

  // Gives a round back; only once nothing of it waits.
  function drop(id) {
    return changing(["rounds", "outbox", "answers"], async (rounds, outbox, answers) => {
      if ((await asked(outbox.getAll())).some((tick) => tick.round === id)) return false;
      for (const answer of await asked(answers.getAll())) if (answer.round === id) answers.delete(answer.id);
      await asked(rounds.delete(id));
      return true;
    });
  }

  function device() {
    return changing(["settings"], async (settings) => {
      const known = await asked(settings.get("device"));
      if (known) return known;
      const made = uuid();
      await asked(settings.put(made, "device"));
      return made;
    });
  }

  function uuid() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  // ---- ticks ---------------------------------------------------------------------------------------------

  // Notes a tick, in place of one of the same person that has not been sent yet. "sent_before": one has been;
  // "list_gone": the list was given back or lost its names meanwhile, perhaps on another page of this phone.
  function note(round, ref, status, excuse) {
    const tick = {
      id: uuid(), round, ref, status, excuse: excuse || null, occurredAt: new Date().toISOString(), tried: false, why: "",
    };
    return changing(["rounds", "outbox", "answers"], async (rounds, outbox, answers) => {
      const kept = await asked(rounds.get(round));
      if (!kept || kept.gone) return "list_gone";
      const same = (other) => other.round === round && other.ref === ref;
      const before = (await asked(outbox.getAll())).filter(same);
      if (before.some((other) => other.tried) || (await asked(answers.getAll())).some(same)) return "sent_before";
      for (const other of before) outbox.delete(other.id);
      await asked(outbox.put(tick));
      return "noted";
    });
  }

  // Takes a tick back; false once it may have reached the server.
  function undo(id) {
    return changing(["outbox"], async (outbox) => {
      const tick = await asked(outbox.get(id));
      if (!tick || tick.tried) return false;
      await asked(outbox.delete(id));
      return true;
    });
  }

  // The next ticks of a round to send, marked before they leave: from then on they cannot be taken back.
  function take(round, most, except) {
    return changing(["outbox"], async (outbox) => {
      const mine = (await asked(outbox.getAll())).filter((tick) => tick.round === round && !except.has(tick.id));
      mine.sort((one, other) => (one.occurredAt < other.occurredAt ? -1 : 1));
      const batch = mine.slice(0, most);
      for (const tick of batch) {
        tick.tried = true;
        outbox.put(tick);
      }
      return batch;
    });
  }

  // Stores what the server said. A session that has not begun leaves its ticks in the outbox, to be corrected
  // or taken back: the server has kept nothing of them.
  function settle(batch, answered) {
    return changing(["outbox", "answers"], async (outbox, answers) => {
      for (const answer of answered) {
        const tick = batch.find((one) => one.id === answer.id);
        if (!tick) continue;
        if (answer.result === "not_open") {
          tick.why = answer.result;
          tick.tried = false;
          outbox.put(tick);
        } else {
          answers.put(Object.assign({}, tick, {
            result: answer.result, found: answer.status, recordedAt: answer.recorded_at, by: answer.by || "",
          }));
          outbox.delete(tick.id);
        }
      }
    });
  }

  return {
    usable, lock, keep, unlock, change, timeOf, isOver, forgetNames, drop, device, note, undo, take, settle,
    rounds: async () => (await all("rounds")).sort((one, other) => one.keptAt - other.keptAt),
    outbox: () => all("outbox"), answers: () => all("answers"),
  };
})();
