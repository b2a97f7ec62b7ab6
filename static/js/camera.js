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
    let track = null;
    let paused = false;

    function load() {
      loading = loading || new Promise((resolve, reject) => {
        const tag = document.createElement("script");
        tag.src = script;
        tag.onload = () => resolve(ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true }));
        tag.onerror = () => { loading = null; reject(new Error("decoder")); };
        document.head.append(tag);
      });
      return loading;
    }

    function picture() {
      const shrink = Math.min(1, LONGEST_SIDE / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = Math.round(video.videoWidth * shrink);
      canvas.height = Math.round(video.videoHeight * shrink);
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      return context.getImageData(0, 0, canvas.width, canvas.height);
    }

    async function look() {
      if (!track) return;
      if (!paused && video.readyState >= video.HAVE_CURRENT_DATA && video.videoWidth) {
        try {
          const [found] = await ZXingWASM.readBarcodes(picture(), READ);
          if (found && found.text && !paused) onText(found.text);
        } catch {
          // One picture that could not be read; the next comes at once.
        }
      }
      setTimeout(look, LOOK_EVERY_MS);
    }

    /** Opens the camera at the back where there are two. Rejects where there is none or it is not allowed. */
    async function start() {
      const [stream] = await Promise.all([
        navigator.mediaDevices.getUserMedia({ video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } } }),
        load(),
      ]);
      video.srcObject = stream;
      await video.play();
      [track] = stream.getVideoTracks();
      // Unplugged, or taken by another program.
      track.addEventListener("ended", stop);
      look();
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
