// Owns the staff scanner: reads members' cards by camera or photo and posts each once; the plain form works without it.
(function () {
  "use strict";
  const root = document.getElementById("scanner");
  const video = document.getElementById("video");
  const stage = root.querySelector(".scanner__stage");
  const result = document.getElementById("result");
  const undo = document.getElementById("undo");
  const cameraButton = document.getElementById("camera");
  const torchButton = document.getElementById("torch");
  const photo = document.getElementById("photo");
  const form = document.getElementById("card-form");
  const field = document.getElementById("card");
  const csrf = document.querySelector('meta[name="csrf-token"]').content;
  const SAME_CARD_MS = 3000;
  const LOOK_EVERY_MS = 120;
  const READ = { formats: ["QRCode"], maxNumberOfSymbols: 1, tryHarder: true };

  let lastText = "";
  let lastAt = 0;
  let busy = false;
  let torchOn = false;

  ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => root.dataset.wasm } });
  document.getElementById("photo-label").hidden = false;

  function say(text, kind) {
    result.textContent = text;
    result.dataset.kind = kind;
  }

  function signal(good) {
    if (navigator.vibrate) navigator.vibrate(good ? 60 : [80, 60, 80]);
    const AudioContext = window.AudioContext || window.webkitAudioContext;
    if (!AudioContext) return;
    const context = new AudioContext();
    const tone = context.createOscillator();
    tone.frequency.value = good ? 880 : 220;
    tone.connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + 0.12);
    tone.onended = () => context.close();
  }

  async function post(url, values) {
    const response = await fetch(url, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": csrf },
      body: new URLSearchParams(values),
    });
    return { ok: response.ok, body: await response.json() };
  }

  function count(body) {
    if (body.attended === undefined) return;
    document.getElementById("attended").textContent = body.attended;
    document.getElementById("expected").textContent = body.expected;
  }

  async function record(text) {
    if (busy || (text === lastText && Date.now() - lastAt < SAME_CARD_MS)) return;
    busy = true;
    try {
      const { ok, body } = await post(root.dataset.scanUrl, { card: text });
      lastText = text;
      lastAt = Date.now();
      say(ok ? body.message : [body.title, body.detail].join(document.documentElement.lang === "en" ? ". " : "。"), ok ? (body.created ? "good" : "again") : "bad");
      signal(ok);
      undo.hidden = !(ok && body.undo);
      undo.dataset.url = (ok && body.undo) || "";
      count(body);
    } catch {
      say(root.dataset.textNetwork, "bad");
      signal(false);
    } finally {
      busy = false;
    }
  }

  // Others scan at the next door.
  window.follow(root.dataset.live, { told: count });

  undo.addEventListener("click", async () => {
    const { ok, body } = await post(undo.dataset.url, {});
    say(ok ? body.message : body.detail, ok ? "again" : "bad");
    if (ok) {
      undo.hidden = true;
      lastText = "";
      count(body);
    }
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = field.value;
    field.value = "";
    lastText = "";
    await record(text);
    field.focus();
  });

  photo.addEventListener("change", async () => {
    const [file] = photo.files;
    if (!file) return;
    const [found] = await ZXingWASM.readBarcodes(file, READ);
    photo.value = "";
    if (found && found.text) record(found.text);
    else say(root.dataset.textNone, "bad");
  });

  async function look(canvas, context) {
    if (video.readyState >= video.HAVE_CURRENT_DATA && !busy) {
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      context.drawImage(video, 0, 0);
      const picture = context.getImageData(0, 0, canvas.width, canvas.height);
      const [found] = await ZXingWASM.readBarcodes(picture, READ);
      if (found && found.text) await record(found.text);
    }
    setTimeout(() => look(canvas, context), LOOK_EVERY_MS);
  }

  async function startCamera() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.srcObject = stream;
      await video.play();
      stage.hidden = false;
      cameraButton.hidden = true;
      const [track] = stream.getVideoTracks();
      torchButton.hidden = !(track.getCapabilities && track.getCapabilities().torch);
      torchButton.onclick = () => {
        torchOn = !torchOn;
        track.applyConstraints({ advanced: [{ torch: torchOn }] });
      };
      const canvas = document.createElement("canvas");
      look(canvas, canvas.getContext("2d", { willReadFrequently: true }));
    } catch {
      say(root.dataset.textCamera, "again");
    }
  }

  if (navigator.mediaDevices && navigator.mediaDevices.getUserMedia) {
    cameraButton.hidden = false;
    cameraButton.addEventListener("click", startCamera);
  }
})();
