// Reads QR codes from a camera or a photo; knows nothing of what they are for. Its decoder is fetched when it is needed.
(function () {
  "use strict";
  const READ = { formats: ["QRCode"], maxNumberOfSymbols: 1, tryHarder: true };
  const LOOK_EVERY_MS = 100;
  // A card held to a phone fills enough of a picture of this size; larger ones only take longer.
  const LONGEST_SIDE = 960;

  window.CardCamera = function CardCamera({ video, script, wasm, onText }) {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });
    let loading = null;
    let starting = null;
    let track = null;
    let paused = false;

    function fetchScript() {
      return new Promise((resolve, reject) => {
        const tag = document.createElement("script");
        tag.src = script;
        tag.onload = resolve;
        tag.onerror = () => reject(new Error("decoder"));
        document.head.append(tag);
      });
    }

    async function prepare() {
      if (!window.ZXingWASM) await fetchScript();
      await ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
    }

    function load() {
      if (!loading) {
        loading = prepare();
        // Without a network for a moment: the next try fetches it anew.
        loading.catch(() => { loading = null; });
      }
      return loading;
    }

    function picture() {
      const shrink = Math.min(1, LONGEST_SIDE / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = Math.round(video.videoWidth * shrink);
      canvas.height = Math.round(video.videoHeight * shrink);
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      return context.getImageData(0, 0, canvas.width, canvas.height);
    }

    async function look(mine) {
      if (!track || track !== mine) return;
      if (!paused && video.readyState >= video.HAVE_CURRENT_DATA && video.videoWidth) {
        try {
          const [found] = await ZXingWASM.readBarcodes(picture(), READ);
          if (found && found.text && !paused) onText(found.text);
        } catch {
          // One picture that could not be read; the next comes at once.
        }
      }
      setTimeout(look, LOOK_EVERY_MS, mine);
    }

    async function open() {
      const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } };
      const asked = navigator.mediaDevices.getUserMedia({ video: wanted });
      try {
        const [stream] = await Promise.all([asked, load()]);
        video.srcObject = stream;
        await video.play();
        [track] = stream.getVideoTracks();
      } catch (error) {
        // Without a decoder nothing can be read: no camera may go on filming.
        video.srcObject = null;
        asked.then((stream) => stream.getTracks().forEach((one) => one.stop()), () => {});
        throw error;
      }
      // Unplugged, or taken by another program.
      track.addEventListener("ended", stop);
      look(track);
    }

    /** Opens the camera at the back where there are two. Rejects where there is none or it is not allowed. */
    async function start() {
      if (track) return;
      starting = starting || open();
      try {
        await starting;
      } finally {
        starting = null;
      }
    }

    function stop() {
      if (!track) return;
      track.stop();
      track = null;
      video.srcObject = null;
      video.dispatchEvent(new Event("camerastopped"));
    }

    return {
      start,
      stop,
      isPossible: () => Boolean(navigator.mediaDevices && navigator.mediaDevices.getUserMedia),
      pause: (on) => { paused = on; },
      hasTorch: () => Boolean(track && track.getCapabilities && track.getCapabilities().torch),
      torch: (on) => track && track.applyConstraints({ advanced: [{ torch: on }] }),
      /** The text on a photo, or nothing. */
      async read(file) {
        await load();
        const [found] = await ZXingWASM.readBarcodes(file, READ);
        return found && found.text;
      },
    };
  };
})();
