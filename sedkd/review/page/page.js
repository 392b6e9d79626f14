"use strict";
const review = JSON.parse(document.getElementById("review").textContent);
const media = JSON.parse(document.getElementById("media").textContent);
const at = (id) => document.getElementById(id);
const KEY = "sedkd-review-" + media.digest;
const KINDS = ["yes", "no", "other", "skip"];

// What was answered, by the clip's place, and in which order, for undo.
let answers = {}, order = [], current = 0;

function restore() {
  [answers, order] = [{}, []];
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) || "null");
    if (!kept) return;
    for (const place of kept.order) {
      const answer = kept.answers[place];
      if (!(place in review.clips) || !answer || !KINDS.includes(answer.answer)) continue;
      answers[place] = answer;
      order.push(place);
    }
  } catch (error) {
    [answers, order] = [{}, []];
  }
}

function keep() {
  try {
    localStorage.setItem(KEY, JSON.stringify({ answers, order }));
  } catch (error) {
    at("notice").textContent = "This browser keeps no answers: download them before you close the page.";
    at("notice").hidden = false;
  }
}

const next = () => review.clips.findIndex((_, place) => !(place in answers));

function clock(seconds) {
  const whole = Math.floor(seconds), two = (n) => String(n).padStart(2, "0");
  const rest = (seconds - whole).toFixed(1).slice(1);
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${two(whole % 60)}${rest}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}${rest}`;
}

function show(play) {
  const total = review.clips.length, done = order.length;
  current = next();
  at("count").textContent = `${done} of ${total} answered`;
  at("bar").setAttribute("aria-valuemax", total);
  at("bar").setAttribute("aria-valuenow", done);
  at("done").style.width = `${100 * done / total}%`;
  at("others").hidden = true;
  at("sound").pause();
  at("question").hidden = current < 0;
  at("end").hidden = current >= 0;
  at("undo").disabled = at("back").disabled = done === 0;
  if (current < 0) return end();
  const clip = review.clips[current], length = clip.stop - clip.start;
  at("label").textContent = clip.label;
  at("picture").src = media.clips[current].picture;
  at("sound").src = media.clips[current].sound;
  at("before").style.width = `${100 * (clip.onset - clip.start) / length}%`;
  at("after").style.width = `${100 * (clip.stop - clip.offset) / length}%`;
  at("cursor").style.left = "0";
  at("from").textContent = clock(clip.start);
  at("span").textContent = `marked: ${clock(clip.onset)} to ${clock(clip.offset)}`;
  at("to").textContent = clock(clip.stop);
  at("file").textContent = clip.file.split(/[\\/]/).slice(-2).join("/");
  at("asked").focus({ preventScroll: true });
  if (play) at("sound").play().catch(() => {});
}

function end() {
  const count = (kind) => order.filter((place) => answers[place].answer === kind).length;
  at("summary").textContent = KINDS.map((kind) => `${kind} ${count(kind)}`).join(", ");
  at("command").textContent = `sedkd review read REVIEW.html ${name()}`;
  at("finished").focus();
}

function answer(kind, label) {
  if (current < 0) return;
  answers[current] = label === undefined ? { answer: kind } : { answer: kind, label };
  order.push(current);
  keep();
  show(true);
}

function undo() {
  if (!order.length) return;
  delete answers[order.pop()];
  keep();
  show(true);
}

function offer() {
  const box = at("others");
  box.replaceChildren();
  const labels = review.labels.filter((label) => label !== review.clips[current].label);
  labels.forEach((label, place) => {
    const button = document.createElement("button");
    if (place < 9) {
      const key = document.createElement("kbd");
      key.textContent = place + 1;
      button.append(key);
    }
    button.append(label);
    button.addEventListener("click", () => answer("other", label));
    box.append(button);
  });
  const close = document.createElement("button"), key = document.createElement("kbd");
  key.textContent = "Esc";
  close.append(key, "Back");
  close.addEventListener("click", hideOthers);
  box.append(close);
  box.hidden = false;
  box.firstElementChild.focus();
  box.scrollIntoView({ block: "nearest" });
}

function hideOthers() {
  at("others").hidden = true;
  at("asked").focus({ preventScroll: true });
}

function toggle() {
  const sound = at("sound");
  if (sound.paused) sound.play().catch(() => {});
  else sound.pause();
}

const name = () => `answers-${media.digest}.json`;

function download() {
  const content = { format: "sedkd answers", version: 1, review: media.digest, answers };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)], { type: "application/json" }));
  link.download = name();
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function follow() {
  const sound = at("sound");
  if (sound.duration) at("cursor").style.left = `${100 * sound.currentTime / sound.duration}%`;
  if (!sound.paused) requestAnimationFrame(follow);
}

const ACTIONS = { y: () => answer("yes"), n: () => answer("no"), o: offer, s: () => answer("skip"), " ": toggle };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  const key = event.key.toLowerCase();
  if (key === " " && event.target.tagName === "BUTTON") return; // presses it
  if (key === "u") undo();
  else if (key === "d") download();
  else if (current < 0) return;
  else if (key === "escape" && !at("others").hidden) hideOthers();
  else if (!at("others").hidden && /^[1-9]$/.test(key)) {
    const buttons = [...at("others").children].slice(0, -1);
    if (key <= buttons.length) buttons[key - 1].click();
  } else if (ACTIONS[key]) ACTIONS[key]();
  else return;
  event.preventDefault();
});
for (const [id, act] of [["play", toggle], ["yes", ACTIONS.y], ["no", ACTIONS.n], ["other", offer], ["skip", ACTIONS.s],
                         ["undo", undo], ["back", undo], ["download", download]]) at(id).addEventListener("click", act);
document.querySelector(".picture").addEventListener("click", toggle);
at("sound").addEventListener("play", follow);
at("sound").addEventListener("seeked", follow);
window.addEventListener("storage", ({ key }) => { // answered in another tab: this one goes on from there
  if (key !== KEY) return;
  restore();
  show(false);
});
restore();
show(false);
