// From probabilities to events while they come in, as sedkd.stream.decisions: a median filter of m frames is a vote among
// the last m, decided m // 2 frames late.
class Decisions {
  constructor({ labels, thresholds, median_frames, frame_seconds }) {
    this.labels = labels.map((label, i) => new LabelDecisions(label, thresholds[i], median_frames[i], frame_seconds));
  }

  // What the next frames tell: { label, onset } of an event that has begun, offset and confidence when it has ended.
  feed(answers) {
    return answers.flatMap((row) => this.labels.flatMap((one, i) => one.feed(row[i])));
  }

  finish(duration) {
    return this.labels.flatMap((one) => one.finish(duration));
  }
}

class LabelDecisions {
  constructor(label, threshold, medianFrames, frameSeconds) {
    Object.assign(this, { label, threshold, length: medianFrames, half: medianFrames >> 1, frameSeconds });
    this.window = [];
    this.decided = this.sum = 0;
    this.first = null; // frame of the event that goes on
  }

  feed(probability) {
    if (!this.window.length) this.window = Array(this.half).fill(probability); // the first frame, repeated
    this.window.push(probability);
    if (this.window.length > this.length) this.window.shift();
    return this.window.length === this.length ? this.decide() : [];
  }

  finish(duration) {
    const told = [];
    if (this.window.length) for (let i = 0; i < this.half; i++) told.push(...this.feed(this.window.at(-1)));
    return this.first === null ? told : [...told, this.end(duration)];
  }

  decide() {
    const active = this.window.filter((probability) => probability >= this.threshold).length > this.half, told = [];
    if (active && this.first === null) {
      [this.first, this.sum] = [this.decided, 0];
      told.push({ label: this.label, onset: this.first * this.frameSeconds });
    } else if (!active && this.first !== null) told.push(this.end(Infinity));
    if (active) this.sum += this.window[this.half];
    this.decided += 1;
    return told;
  }

  end(duration) {
    const [onset, offset] = [this.first, this.decided].map((frame) => frame * this.frameSeconds);
    const confidence = this.sum / (this.decided - this.first);
    this.first = null;
    return { label: this.label, onset, offset: Math.min(offset, duration), confidence };
  }
}
