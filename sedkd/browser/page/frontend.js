// Log-mel frames of a stream, in double precision, as sedkd.stream.frontend computes them: frames are centred on every
// hop, the sound is mirrored at both ends, and there are as many frames as whole hops.
class Frontend {
  constructor(settings) {
    this.settings = settings;
    this.half = settings.n_fft / 2;
    this.fft = new Fourier(settings.n_fft);
    this.held = new Float64Array(0); // samples that a frame may still need
    this.begun = false; // whether the mirror image of the start is held in front
    this.samples = this.frames = 0;
  }

  // The frames that the next samples complete.
  feed(samples) {
    this.samples += samples.length;
    this.held = joined(this.held, samples);
    if (!this.begun && this.samples > this.half) this.begin();
    return this.completed();
  }

  // The frames that waited for the end.
  finish() {
    this.held = joined(this.held, new Float64Array(Math.max(this.settings.n_fft - this.samples, 0)));
    if (!this.begun) this.begin();
    this.held = joined(this.held, this.held.slice(-this.half - 1, -1).reverse());
    return this.completed();
  }

  begin() {
    this.held = joined(this.held.slice(1, this.half + 1).reverse(), this.held);
    this.begun = true;
  }

  completed() {
    const { n_fft, hop } = this.settings, found = [];
    const inside = this.begun ? Math.floor((this.held.length - n_fft) / hop) + 1 : 0;
    const count = Math.max(Math.min(inside, Math.floor(this.samples / hop) - this.frames), 0);
    for (let i = 0; i < count; i++) found.push(this.logMel(this.held.subarray(i * hop, i * hop + n_fft)));
    if (count) this.held = this.held.slice(count * hop);
    this.frames += count;
    return found;
  }

  logMel(span) {
    const { window, filters, offset, shift, scale } = this.settings;
    const power = this.fft.power(span.map((sample, i) => sample * window[i]));
    return Float32Array.from(filters, ({ first, weights }) => {
      const mel = weights.reduce((sum, weight, i) => sum + weight * power[first + i], 0);
      return (Math.log(mel + offset) + shift) / scale;
    });
  }
}

// A radix-2 Fourier transform (Cooley and Tukey 1965).
class Fourier {
  constructor(size) {
    this.size = size;
    this.cosine = Float64Array.from({ length: size / 2 }, (_, i) => Math.cos(2 * Math.PI * i / size));
    this.sine = Float64Array.from({ length: size / 2 }, (_, i) => Math.sin(2 * Math.PI * i / size));
    const bits = Math.log2(size);
    this.order = Array.from({ length: size }, (_, i) => {
      let turned = 0;
      for (let bit = 0; bit < bits; bit++) turned |= (i >> bit & 1) << bits - 1 - bit;
      return turned;
    });
  }

  // The power of the size / 2 + 1 bins of real samples.
  power(samples) {
    const real = Float64Array.from(this.order, (place) => samples[place]), imaginary = new Float64Array(this.size);
    for (let half = 1; half < this.size; half *= 2) {
      const turn = this.size / (2 * half);
      for (let start = 0; start < this.size; start += 2 * half) {
        for (let i = 0; i < half; i++) {
          const low = start + i, high = low + half, c = this.cosine[i * turn], s = this.sine[i * turn];
          const r = real[high] * c + imaginary[high] * s, m = imaginary[high] * c - real[high] * s;
          real[high] = real[low] - r;
          imaginary[high] = imaginary[low] - m;
          real[low] += r;
          imaginary[low] += m;
        }
      }
    }
    return Float64Array.from({ length: this.size / 2 + 1 }, (_, i) => real[i] ** 2 + imaginary[i] ** 2);
  }
}
