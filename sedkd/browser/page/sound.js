// Sound from a file or a microphone, as mono samples from -1 to 1.

// { samples, rate } of a file: at its own rate where its head says that (WAV, FLAC), else resampled by the browser.
async function decoded(file) {
  const content = await file.arrayBuffer();
  const own = rateOf(new DataView(content)) || facts.features.rate;
  let context;
  try {
    context = new OfflineAudioContext(1, 1, own);
  } catch (error) { // not a rate of browsers
    context = new OfflineAudioContext(1, 1, facts.features.rate);
  }
  const sound = await context.decodeAudioData(content);
  const samples = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    sound.getChannelData(channel).forEach((sample, i) => { samples[i] += sample / sound.numberOfChannels; });
  }
  return { samples, rate: sound.sampleRate };
}

function rateOf(view) {
  const tag = (place) => view.byteLength >= place + 4 ? String.fromCharCode(...new Uint8Array(view.buffer, place, 4)) : "";
  if (tag(0) === "fLaC" && view.byteLength >= 21) return view.getUint32(18) >>> 12;
  if (tag(0) !== "RIFF" || tag(8) !== "WAVE") return 0;
  for (let place = 12; place + 16 <= view.byteLength; ) {
    if (tag(place) === "fmt ") return view.getUint32(place + 12, true);
    const size = view.getUint32(place + 4, true);
    place += 8 + size + (size & 1); // a chunk of odd size is followed by a byte of nothing
  }
  return 0;
}

// Calls heard(samples) for each piece of some hundredths of a second, until stop() of what it answers: { rate, stop }.
async function microphone(heard) {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Error("This browser gives the microphone to pages from https:// or localhost only. Open this file from "
      + "there, or in another browser; recordings can be chosen here.");
  }
  const sound = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: sound });
  const context = new AudioContext();
  // Of a page that was opened as a file, Chromium takes this from no blob.
  await context.audioWorklet.addModule(`data:text/javascript,${encodeURIComponent(at("capture").textContent)}`);
  const node = new AudioWorkletNode(context, "capture", { channelCount: 1, channelCountMode: "explicit", numberOfOutputs: 0 });
  node.port.onmessage = ({ data }) => heard(data);
  context.createMediaStreamSource(stream).connect(node);
  await context.resume();
  const stop = async () => {
    stream.getTracks().forEach((track) => track.stop());
    await context.close();
    node.port.onmessage = null;
  };
  return { rate: context.sampleRate, stop };
}
