// The network of an export, from samples at its rate to the probabilities of each output frame.

// stream.onnx, step by step, as sedkd.export.step_graph runs it.
class StepNetwork {
  constructor(ort, session, facts) {
    Object.assign(this, { ort, session, facts: facts.stream, labels: facts.labels.length });
    this.frontend = new Frontend(facts.features);
    this.states = this.facts.states.map(({ shape }) => this.tensor(new Float32Array(shape.reduce((a, b) => a * b)), shape));
    this.pending = [];
    this.fed = this.answered = 0;
    this.early = this.facts.delay; // first answers, about what was before the beginning
  }

  async feed(samples) {
    return this.frames(this.frontend.feed(samples));
  }

  async finish() {
    const answers = await this.frames(this.frontend.finish()), { frames, stride, delay, padding } = this.facts;
    const due = Math.ceil(this.fed / stride) - this.answered, missing = (stride - this.fed % stride) % stride;
    if (!due) return answers;
    const filling = Array(missing).fill(this.pending.at(-1));
    const more = await this.run([...filling, ...Array((delay + 1) * frames).fill(padding)]);
    return [...answers, ...more.slice(0, due)];
  }

  frames(frames) {
    this.fed += frames.length;
    return this.run(frames);
  }

  async run(frames) {
    const size = this.facts.frames, waiting = [...this.pending, ...frames], found = [];
    let first = 0;
    for (; first + size <= waiting.length; first += size) found.push(...await this.step(waiting.slice(first, first + size)));
    this.pending = waiting.slice(first);
    const dropped = Math.min(this.early, found.length);
    this.early -= dropped;
    this.answered += found.length - dropped;
    return found.slice(dropped);
  }

  async step(frames) {
    const { input, output, states } = this.facts, mels = frames[0].length, all = new Float32Array(frames.length * mels);
    frames.forEach((frame, i) => all.set(frame, i * mels));
    const inputs = { [input]: this.tensor(all, [1, frames.length, mels]) };
    states.forEach((state, i) => { inputs[state.input] = this.states[i]; });
    const found = await this.session.run(inputs);
    this.states = states.map((state) => found[state.output]);
    return rows(found[output].data, this.labels);
  }

  tensor(data, shape) {
    return new this.ort.Tensor("float32", data, shape);
  }
}

// model.onnx, window by window as soon as one is complete, as sedkd.stream.detect runs it.
class WindowNetwork {
  constructor(ort, session, facts) {
    const { features, frame_seconds, window_frames, context_frames, minimum_samples, labels } = facts;
    Object.assign(this, { ort, session, hop: features.hop, minimum: minimum_samples, labels: labels.length });
    [this.size, this.context] = [window_frames, context_frames];
    this.stride = Math.round(frame_seconds * features.rate / features.hop);
    this.frame = this.stride * features.hop; // samples of an output frame
    this.held = new Float32Array(0); // from the window's first sample on
    this.start = 0; // its first output frame
  }

  async feed(samples) {
    this.held = joined(this.held, samples);
    const answers = [], inner = this.size - 2 * this.context; // frames from one window to the next
    while (this.held.length >= this.size * this.frame + this.hop) { // this window is not the last one
      const heard = await this.run(this.held.slice(0, this.size * this.frame));
      answers.push(...heard.slice(this.start ? this.context : 0, this.size - this.context));
      this.held = this.held.slice(inner * this.frame);
      this.start += inner;
    }
    return answers;
  }

  async finish() {
    const frames = Math.ceil(Math.floor(this.held.length / this.hop) / this.stride);
    const heard = await this.run(this.held.slice(0, frames * this.frame));
    return heard.slice(this.start ? this.context : 0, frames);
  }

  async run(samples) {
    const audio = joined(samples, new Float32Array(Math.max(this.minimum - samples.length, 0)));
    const found = await this.session.run({ audio: new this.ort.Tensor("float32", audio, [1, audio.length]) });
    return rows(found.probabilities.data, this.labels);
  }
}

function rows(data, width) {
  return Array.from({ length: data.length / width }, (_, i) => data.slice(i * width, (i + 1) * width));
}
