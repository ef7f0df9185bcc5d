// Reads QR codes from the device's camera, here on the device: pictures go nowhere.
import decodeQR from "/vendor/qr/decode.js";

const PAUSE_MS = 60;
const SAME_MS = 3000;        // a code that stays before the lens is one scan
const SIDE_MAX = 640;

export class Camera {
  constructor(video, onCode) {
    this.video = video;
    this.onCode = onCode;
    this.stream = null;
    this.turned = false;
    this.code = "";
    this.seenAt = 0;
    this.canvas = document.createElement("canvas");
    this.pen = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  get running() {
    return this.stream !== null;
  }

  // Throws when there is no camera, or nobody allows it.
  async start() {
    if (!navigator.mediaDevices) throw new Error("no camera without a secure connection");
    const wanted = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } };
    this.stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    this.video.srcObject = this.stream;
    await this.video.play();
    this.look();
  }

  stop() {
    if (!this.stream) return;
    this.stream.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
  }

  look() {
    if (!this.stream) return;
    const code = this.read();
    const now = performance.now();
    if (code) {
      const again = code === this.code && now - this.seenAt < SAME_MS;
      this.code = code;
      this.seenAt = now;
      if (!again) this.onCode(code);
    }
    setTimeout(() => this.look(), PAUSE_MS);
  }

  // The text of a code in the middle of the picture, or "". The decoder does not see codes that
  // are upside down, so every other picture is turned.
  read() {
    const side = Math.min(this.video.videoWidth, this.video.videoHeight);
    if (!side) return "";
    const size = Math.min(side, SIDE_MAX);
    this.turned = !this.turned;
    this.canvas.width = this.canvas.height = size;
    if (this.turned) {
      this.pen.translate(size, size);
      this.pen.rotate(Math.PI);
    }
    const left = (this.video.videoWidth - side) / 2;
    const top = (this.video.videoHeight - side) / 2;
    this.pen.drawImage(this.video, left, top, side, side, 0, 0, size, size);
    try {
      return decodeQR(this.pen.getImageData(0, 0, size, size));
    } catch {
      return "";             // most pictures hold no code
    }
  }
}
