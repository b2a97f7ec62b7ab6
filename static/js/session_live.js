// Owns what moves on the page of a session while it is open: the counts. Rows stay where they are, and a
// line at the foot says when others have recorded somebody, for whoever wants to see the rows anew.
(() => {
  "use strict";

  const news = document.getElementById("live-news");
  if (!news || !window.follow) return;
  const words = news.querySelector("span");
  const link = news.querySelector("a");
  const known = () => document.getElementById("live-known").dataset.version;
  const HOLD_MS = 4000;
  const NAMES = ["attended", "expected", "extra", "made_up", "excused", "absent", "unrecorded", "not_signed_out"];
  const recordedAtFirst = Number(news.dataset.recorded);
  let ownTicks = 0; // rows that this page has recorded, less those that it took back
  let underWay = 0;
  let holdUntil = 0; // after a tick of one's own, until a word that knows of it
  let last = null;

  const figure = (value) => value.toLocaleString("en-US");
  const isRecorded = (row) => row !== null && !row.querySelector(".tick--not_recorded[aria-pressed=true]");

  function write(id, value) {
    const place = document.getElementById(id);
    if (place && place.textContent !== figure(value)) place.textContent = figure(value);
  }

  function showCounts(state) {
    for (const name of NAMES) write(`n-${name}`, state[name]);
    // Beside the head count, the same number once more.
    write("n-came", state.attended);
    const bar = document.getElementById("n-bar");
    bar.max = state.expected || 1;
    bar.value = Math.max(0, state.attended - state.extra);
    bar.setAttribute("aria-label", bar.dataset.words.replace("{n}", state.attended).replace("{all}", state.expected));
  }

  function say(text) {
    if (words.textContent !== text) words.textContent = text;
    news.hidden = text === "";
  }

  function tellNews() {
    // The answer to a tick of one's own is on its way: what is new will be clear when it is here.
    if (!last || underWay > 0) return;
    if (last.version === known()) holdUntil = 0;
    if (Date.now() < holdUntil) return;
    const byOthers = last.attended + last.excused + last.absent - recordedAtFirst - ownTicks;
    if (last.state !== news.dataset.state) say(news.dataset.moved);
    else if (byOthers > 0) say(news.dataset.some.replace("{n}", figure(byOthers)));
    else if (last.version !== known()) say(news.dataset.any);
    else say("");
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!event.target.matches(".ticks")) return;
    const row = event.target.closest(".roster__row");
    const before = isRecorded(row);
    underWay += 1;
    event.detail.xhr.addEventListener("loadend", () => {
      // After htmx has put the answer in place.
      setTimeout(() => {
        underWay -= 1;
        ownTicks += Number(isRecorded(document.getElementById(row.id))) - Number(before);
        holdUntil = Date.now() + HOLD_MS;
        setTimeout(tellNews, HOLD_MS + 10);
        tellNews();
      }, 50);
    });
  });

  // The same address: made anew where it was scrolled to, rather than from its top.
  link.addEventListener("click", (event) => {
    if (link.href !== location.href.split("#")[0]) return;
    event.preventDefault();
    location.reload();
  });

  window.follow(news.dataset.live, {
    told: (state) => {
      last = state;
      if (underWay === 0) showCounts(state);
      tellNews();
    },
    signedOut: () => { link.hidden = true; say(news.dataset.signedOut); },
  });
})();
