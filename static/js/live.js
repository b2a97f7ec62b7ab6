// Owns how a page learns of changes: follow(url, hears) listens to server-sent events, and asks `url`.json
// again and again where it cannot listen. It rests while nobody looks at the page.
//   hears.told(state)      counts and state, each time they may have changed
//   hears.lost(isLost)     whether the server can be reached; optional
//   hears.signedOut()      the sign-in is over, nothing more will come; optional
(() => {
  "use strict";

  const FIRST_WORD_MS = 4000; // a stream that says nothing for so long is held up somewhere
  const SILENCE_MS = 40000; // the server shows every 15 seconds that it lives
  const ASK_MS = 3000;
  const ASK_RARELY_MS = 30000;
  const LISTEN_AGAIN_MS = 60000;
  const TIMEOUT_MS = 5000;

  // Two hundred pages that lost the same server must not all come back in the same moment.
  const about = (ms) => ms * (0.8 + Math.random() * 0.4);

  function follow(url, hears) {
    const signedOut = hears.signedOut || (() => {});
    const lost = hears.lost || (() => {});
    let source = null;
    let silence = 0;
    let question = 0;
    let asking = false;
    let misses = 0;
    let listenAt = 0;
    let isHeard = false;
    let isOver = false;

    function told(state) {
      // The server is back: it will let itself be listened to again.
      if (misses) listenAt = 0;
      misses = 0;
      lost(false);
      hears.told(state);
    }

    function expect(ms) {
      clearTimeout(silence);
      silence = setTimeout(() => { deafen(); ask(); }, ms);
    }

    function deafen() {
      clearTimeout(silence);
      if (source) source.close();
      source = null;
      isHeard = false;
      listenAt = Date.now() + about(LISTEN_AGAIN_MS);
    }

    function heard() {
      clearTimeout(question);
      question = 0;
      isHeard = true;
      expect(SILENCE_MS);
    }

    function listen() {
      if (!window.EventSource) return;
      source = new EventSource(url);
      expect(FIRST_WORD_MS);
      source.addEventListener("message", (event) => { heard(); told(JSON.parse(event.data)); });
      source.addEventListener("beat", heard);
      source.addEventListener("error", () => {
        // It comes again by itself, as after each minute; told not to, or refused, the page asks.
        isHeard = false;
        if (source.readyState === EventSource.CLOSED) { deafen(); ask(); } else expect(FIRST_WORD_MS);
      });
    }

    function askAgain() {
      if (isOver || document.hidden || question || isHeard) return;
      if (!source && Date.now() > listenAt) listen();
      question = setTimeout(ask, about(Math.min(ASK_RARELY_MS, ASK_MS * 2 ** Math.min(misses, 5))));
    }

    async function ask() {
      clearTimeout(question);
      question = 0;
      if (asking || isOver || document.hidden) return;
      asking = true;
      const stop = new AbortController();
      const late = setTimeout(() => stop.abort(), TIMEOUT_MS);
      try {
        const response = await fetch(`${url}.json`, { headers: { Accept: "application/json" }, cache: "no-store", signal: stop.signal });
        if (response.status === 401) return end(signedOut);
        if (response.status === 404) return end(() => {});
        if (!response.ok) throw new Error(String(response.status));
        told(await response.json());
      } catch {
        misses += 1;
        lost(true);
      } finally {
        clearTimeout(late);
        asking = false;
      }
      askAgain();
    }

    function end(say) {
      isOver = true;
      deafen();
      say();
    }

    function rest() {
      deafen();
      clearTimeout(question);
      question = 0;
    }

    function begin() {
      if (isOver || document.hidden || source) return;
      misses = 0;
      if (window.EventSource) listen(); else ask();
    }

    document.addEventListener("visibilitychange", () => { if (document.hidden) rest(); else begin(); });
    window.addEventListener("pagehide", rest);
    window.addEventListener("pageshow", begin);
    window.addEventListener("online", () => { listenAt = 0; if (!isHeard) ask(); });
    begin();
  }

  window.follow = follow;
})();
