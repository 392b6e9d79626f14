// From one sampling rate to another while the samples come in, with the filter that sedkd has from torchaudio: a sinc
// under a Hann window, six zeros on each side, cut off at 0.99 of the lower Nyquist frequency.
const ZEROS = 6, ROLLOFF = 0.99;

class Resampler {
  constructor(from, to) {
    const common = divisor(from, to);
    this.down = from / common;
    this.up = to / common;
    this.cutoff = ROLLOFF * Math.min(this.down, this.up) / this.down;
    this.reach = Math.ceil(ZEROS / this.cutoff); // samples on each side
    this.kernels = new Map(); // by the phase of a new sample between two old ones
    this.held = new Float32Array(0);
    this.begin = this.told = 0; // the old sample with which `held` begins; new samples told
  }

  // The next samples to those of the new rate that they make known.
  feed(samples) {
    if (this.down === this.up) return samples;
    this.held = joined(this.held, samples);
    const heard = this.begin + this.held.length;
    return this.until(Math.floor((heard - this.reach - 1) * this.up / this.down));
  }

  finish() {
    if (this.down === this.up) return new Float32Array(0);
    return this.until(Math.ceil((this.begin + this.held.length) * this.up / this.down));
  }

  until(stop) {
    const found = new Float32Array(Math.max(stop - this.told, 0));
    for (let i = 0; i < found.length; i++) found[i] = this.at(this.told + i);
    this.told += found.length;
    const first = Math.max(Math.floor(this.told * this.down / this.up) - this.reach, this.begin);
    this.held = this.held.slice(first - this.begin);
    this.begin = first;
    return found;
  }

  at(number) {
    const phase = number * this.down % this.up, kernel = this.kernel(phase);
    const first = (number * this.down - phase) / this.up - this.reach - this.begin;
    let sum = 0;
    for (let i = Math.max(-first, 0); i < kernel.length && first + i < this.held.length; i++) {
      sum += kernel[i] * this.held[first + i];
    }
    return sum;
  }

  kernel(phase) {
    if (!this.kernels.has(phase)) {
      const kernel = new Float64Array(2 * this.reach + 2);
      for (let i = 0; i < kernel.length; i++) {
        const t = (i - this.reach - phase / this.up) * this.cutoff;
        if (Math.abs(t) >= ZEROS) continue;
        const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
        kernel[i] = this.cutoff * sinc * Math.cos(Math.PI * t / ZEROS / 2) ** 2;
      }
      this.kernels.set(phase, kernel);
    }
    return this.kernels.get(phase);
  }
}

function divisor(a, b) {
  return b ? divisor(b, a % b) : a;
}

function joined(first, second) {
  const all = new first.constructor(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
