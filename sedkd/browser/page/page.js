// What is seen, and what a person does.
const LOWEST = -60; // dB of full scale
const PIECE_SECONDS = 5; // of a file, heard at once
const LATE_SECONDS = 2; // of sound that waits, above which the page says so
const MOST_ROWS = 1000; // of detections that are shown; all are saved

let parts, stopping = null, told = [], meters = [];
let source = "microphone"; // of the detections shown

function build() {
  const { environment, scene, synthetic, study, trial } = facts.about;
  document.title = `${environment}: sound events`;
  at("title").textContent = `Listens for ${facts.labels.join(", ")}`;
  at("origin").textContent = `Student ${trial} of ${study}, for ${environment}${scene && scene !== environment ? ` (${scene})` : ""}`
    + `${synthetic ? ", trained and tuned on SYNTHETIC sound" : ""}.`;
  at("delay").textContent = lateness();
  meters = facts.labels.map((label, i) => {
    const row = element("div", "meter"), track = element("div", "track"), mark = element("div", "threshold");
    track.setAttribute("role", "meter");
    for (const [name, value] of [["label", label], ["valuemin", 0], ["valuemax", 1], ["valuenow", 0]]) track.setAttribute(`aria-${name}`, value);
    mark.style.left = `${100 * Math.min(facts.thresholds[i], 1)}%`;
    track.append(element("div", "fill"), mark);
    row.append(element("span", "", label), track, element("output", "", "-"));
    at("events").append(row);
    return row;
  });
}

function lateness() {
  const { stream, median_frames, frame_seconds, window_frames } = facts, filters = Math.max(...median_frames) >> 1;
  if (!stream) return `This student hears whole recordings: of a microphone it tells events up to ${Math.round(window_frames * frame_seconds)} s late.`;
  return `An event is told at most ${Math.round(1000 * (stream.latency_seconds + filters * frame_seconds))} ms after it has ended.`;
}

function element(kind, name = "", text = "") {
  const made = document.createElement(kind);
  made.className = name;
  made.textContent = text;
  return made;
}

function show(row, share, value, words) {
  row.querySelector(".fill").style.transform = `scaleX(${Math.min(Math.max(share, 0), 1)})`;
  row.querySelector("[role=meter]").setAttribute("aria-valuenow", value);
  row.querySelector("output").textContent = words;
}

function showLevel(samples) {
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const decibels = Math.max(20 * Math.log10(peak), LOWEST);
  show(document.querySelector(".level"), 1 - decibels / LOWEST, Math.round(decibels), `${Math.round(decibels)} dB`);
}

function showFound({ answers, told: more }) {
  const last = answers.at(-1);
  if (last) last.forEach((probability, i) => show(meters[i], probability, probability.toFixed(3), probability.toFixed(2)));
  for (const event of more) {
    const place = facts.labels.indexOf(event.label);
    meters[place].classList.toggle("active", event.offset === undefined);
    told = told.filter((one) => one.offset !== undefined || one.label !== event.label);
    told.push(event);
  }
  if (more.length) list();
}

// The latest first while somebody listens, else in order.
function list() {
  told.sort((a, b) => a.onset - b.onset);
  const lines = told.slice(-MOST_ROWS).map(({ onset, offset, label, confidence }) => {
    const row = document.createElement("tr");
    for (const cell of [onset.toFixed(3), offset?.toFixed(3) ?? "…", label, confidence?.toFixed(3) ?? ""]) row.append(element("td", "", cell));
    return row;
  });
  document.querySelector("#detections tbody").replaceChildren(...(stopping && source === "microphone" ? lines.reverse() : lines));
  at("count").textContent = told.length > MOST_ROWS ? `(${told.length}, the last ${MOST_ROWS} shown)` : told.length ? `(${told.length})` : "";
  at("save").disabled = at("clear").disabled = !told.length || stopping !== null;
}

function begin(from, stop) {
  [source, stopping, told] = [from, stop, []];
  at("notice").hidden = true;
  at("listen").textContent = "Stop";
  at("choose").disabled = true;
  for (const meter of meters) meter.classList.remove("active");
  list();
}

function end(words) {
  stopping = null;
  told = told.filter(({ offset }) => offset !== undefined); // an error may come within an event
  at("listen").textContent = "Listen";
  at("choose").disabled = false;
  at("status").textContent = words;
  list();
}

function complain(words) {
  at("notice").textContent = words;
  at("notice").hidden = false;
}

const breath = () => new Promise((resolve) => setTimeout(resolve));

async function hearFile(file) {
  let wanted = true;
  begin(file.name, () => { wanted = false; });
  at("status").textContent = `${file.name}: decoding…`;
  try {
    const { samples, rate } = await decoded(file).catch(() => {
      throw new Error(`${file.name}: this browser cannot decode it as sound; choose a WAV, FLAC, Ogg or MP3 file.`);
    });
    if (!samples.every(Number.isFinite)) throw new Error(`${file.name}: a sample in it is no number; record it again, or repair it.`);
    const detector = new Detector(parts, rate), piece = PIECE_SECONDS * rate, begun = performance.now();
    const words = () => `${file.name}: heard ${detector.seconds.toFixed(1)} of ${(samples.length / rate).toFixed(1)} s`;
    for (let start = 0; start < samples.length && wanted; start += piece) {
      const part = samples.subarray(start, start + piece);
      showFound(await detector.feed(part));
      showLevel(part);
      at("status").textContent = words();
      await breath();
    }
    showFound(await detector.finish());
    const factor = detector.seconds * 1000 / (performance.now() - begun);
    end(`${words()}, ${factor.toFixed(0)} times as fast as it sounds`);
  } catch (error) {
    end("");
    complain(error.message);
  }
}

async function hearMicrophone() {
  let detector, open, waiting = 0, work = Promise.resolve();
  const pieces = [];
  const hear = (samples) => {
    waiting += samples.length;
    work = work.then(async () => {
      showFound(await detector.feed(samples));
      showLevel(samples);
      waiting -= samples.length;
      const late = waiting / detector.rate, seconds = `Listening: ${detector.seconds.toFixed(1)} s`;
      at("status").textContent = late < LATE_SECONDS ? seconds : `${seconds}; this device is too slow, ${late.toFixed(0)} s wait`;
    }).catch((error) => complain(error.message));
  };
  begin("microphone", () => {});
  at("listen").disabled = true;
  at("status").textContent = "Waiting for the microphone…";
  try {
    open = await microphone((samples) => (detector ? hear(samples) : pieces.push(samples)));
    detector = new Detector(parts, open.rate);
    pieces.forEach(hear);
  } catch (error) {
    end("");
    complain(`No microphone: ${error.message}`);
    return;
  } finally {
    at("listen").disabled = false;
  }
  const lock = await navigator.wakeLock?.request("screen").catch(() => null); // a dark screen ends the sound
  stopping = async () => {
    at("listen").disabled = true;
    try {
      await open.stop();
      await work;
      showFound(await detector.finish());
    } catch (error) {
      complain(error.message);
    }
    lock?.release();
    at("listen").disabled = false;
    end(`Heard ${detector.seconds.toFixed(1)} s of the microphone`);
  };
}

function save() {
  const rows = told.map(({ onset, offset, label, confidence }) => [source, onset.toFixed(3), offset.toFixed(3), label, confidence.toFixed(3)].join("\t"));
  const text = ["filename\tonset\toffset\tevent_label\tconfidence", ...rows, ""].join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/tab-separated-values" }));
  link.download = `${source.replace(/\.[^.]*$/, "")}.tsv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function take(files) {
  if (files.length && parts && !stopping) hearFile(files[0]);
}

build();
at("listen").addEventListener("click", () => (stopping ? stopping() : hearMicrophone()));
at("choose").addEventListener("click", () => at("file").click());
at("file").addEventListener("change", () => {
  take(at("file").files);
  at("file").value = ""; // so that the same file may be chosen again
});
at("save").addEventListener("click", save);
at("clear").addEventListener("click", () => {
  told = [];
  list();
});
for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  addEventListener(kind, (event) => {
    event.preventDefault();
    document.body.classList.toggle("over", kind === "dragenter" || kind === "dragover");
    if (kind === "drop") take(event.dataTransfer.files);
  });
}
loaded().then((found) => {
  parts = found;
  at("listen").disabled = at("choose").disabled = false;
  at("status").textContent = "Ready. Listen to the microphone, or drop a recording here.";
}, (error) => {
  at("status").textContent = "";
  complain(`The detector cannot start in this browser (${error.message}); a current Chrome, Firefox or Safari is needed.`);
});
