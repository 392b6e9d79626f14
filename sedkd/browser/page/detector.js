// What the page holds, and a detector made of it.
const at = (id) => document.getElementById(id);
const facts = JSON.parse(at("facts").textContent);

const bytes = (id) => Uint8Array.from(atob(at(id).textContent), (letter) => letter.charCodeAt(0));

async function unpacked(id) {
  const stream = new Blob([bytes(id)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The runtime and the network: { ort, session }. Everything is in the page, so nothing is asked of a network.
async function loaded() {
  const ort = await import(`data:text/javascript,${encodeURIComponent(new TextDecoder().decode(await unpacked("runtime")))}`);
  ort.env.wasm.wasmBinary = await unpacked("wasm");
  ort.env.wasm.numThreads = 1; // more would need a server with headers of its own
  return { ort, session: await ort.InferenceSession.create(bytes("network")) };
}

class Detector {
  constructor({ ort, session }, rate) {
    this.rate = rate;
    this.resampler = new Resampler(rate, facts.features.rate);
    this.network = new (facts.stream ? StepNetwork : WindowNetwork)(ort, session, facts);
    this.decisions = new Decisions(facts);
    this.samples = 0;
  }

  get seconds() {
    return this.samples / this.rate;
  }

  // The probabilities that the next samples make known, and what is decided by them.
  async feed(samples) {
    this.samples += samples.length;
    const answers = await this.network.feed(this.resampler.feed(samples));
    return { answers, told: this.decisions.feed(answers) };
  }

  async finish() {
    const answers = [...await this.network.feed(this.resampler.finish()), ...await this.network.finish()];
    return { answers, told: [...this.decisions.feed(answers), ...this.decisions.finish(this.seconds)] };
  }
}
