const PIECE = 2048;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Float32Array(PIECE);
    this.filled = 0;
  }

  process([[samples]]) {
    if (!samples) return true;
    const room = Math.min(PIECE - this.filled, samples.length);
    this.piece.set(samples.subarray(0, room), this.filled);
    this.filled += room;
    if (this.filled === PIECE) {
      this.port.postMessage(this.piece);
      this.piece = new Float32Array(PIECE);
      this.piece.set(samples.subarray(room));
      this.filled = samples.length - room;
    }
    return true;
  }
}

registerProcessor("capture", Capture);
