// A task on its page: its progress as it happens, then the path it made.

import { call, follow, isFinal, Refused } from "./api.js";
import { $, h, language, meant, t, toast } from "./dom.js";
import { showPath } from "./path.js";

const task = JSON.parse($("task-data").textContent);
let seen = task.messages.at(-1)?.seq ?? 0;
const wasReady = task.status === "completed";

const headOf = {
  pending: t("status_pending"),
  running: t("making"),
  completed: t("status_completed"),
  failed: t("failed_head"),
  canceled: t("canceled_head"),
};

function render() {
  $("task").dataset.status = task.status;
  $("task-over").textContent = headOf[task.status];
  $("bar").value = task.progress;
  $("percent").textContent = `${task.progress} %`;
  const ended = task.status === "failed" || task.status === "canceled";
  $("task-live").hidden = ended;
  $("keeps-going").hidden = isFinal(task);
  $("task-ended").hidden = !ended;
  $("task-ended").className = `notice ${task.status}`;
  if (ended) $("task-why").textContent = task.status === "failed" ? task.error : t("canceled_text");
  for (const one of $("verbs").querySelectorAll("[data-when]")) {
    const isDone = one.value === "cancel" && task.cancel_requested;
    one.hidden = isDone || !one.dataset.when.split(" ").includes(task.status);
  }
  setPhase(phase());
}

function setPhase(text) {
  if ($("phase").textContent.trim() !== text) $("phase").textContent = text;
}

function phase() {
  if (task.status === "completed") return t("loading");
  if (task.cancel_requested) return t("canceling");
  if (task.status === "pending") {
    if (task.retry_at) return t("retry_at", { time: clock(task.retry_at) });
    if (task.queue_position === 1) return t("place_one");
    return task.queue_position ? t("place", { place: task.queue_position }) : t("no_place");
  }
  return task.messages.at(-1)?.message ?? t("starting");
}

const clock = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString(language, { timeStyle: "medium" });

function say(message) {
  if (message.seq <= seen) return;
  seen = message.seq;
  task.messages.push(message);
  $("messages").append(line(message));
}

const line = (message) =>
  h(
    "li",
    { class: message.level },
    h("time", {}, clock(message.time)),
    h("span", {}, message.message),
  );

function heard(kind, data) {
  if (kind === "message") say(data);
  else if (kind === "progress") task.progress = data.progress;
  else Object.assign(task, { queue_position: null, retry_at: null, ...data });
  render();
}

const connected = (yes) => ($("link-state").hidden = yes);

async function run() {
  try {
    const whole = await follow(task, heard, connected);
    Object.assign(task, whole);
    render();
    if (task.status === "completed") {
      document.title = `✓ ${document.title.replace(/^✓ /, "")}`;
      showPath(task, { isNew: !wasReady });
    } else if (!$("verbs").contains(document.activeElement)) {
      toast(t(`${task.status}_head`));
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    showGone();
  }
}

function showGone() {
  $("task-live").hidden = true;
  $("task-ended").hidden = false;
  $("task-ended").className = "notice";
  $("task-why").textContent = t("gone");
  for (const one of $("verbs").querySelectorAll("[data-when]")) one.hidden = one.tagName !== "A";
}

$("verbs").addEventListener("submit", async (event) => {
  event.preventDefault();
  const verb = event.submitter.value;
  if (verb === "delete" && !meant(event.submitter, t("really_delete"))) return;
  try {
    if (verb === "delete") {
      await call("DELETE", `/tasks/${task.id}`);
      location.assign("/");
      return;
    }
    Object.assign(task, await call("POST", `/tasks/${task.id}/${verb}`));
    render();
    if (verb === "resume") run();
  } catch (error) {
    toast(error instanceof Refused ? error.message : t("refused"));
  }
  // The button that was pressed may be gone, and the focus with it.
  $("main").focus({ preventScroll: true });
});

$("messages").replaceChildren(...task.messages.map(line));
render();
if (task.status !== "failed" && task.status !== "canceled") run();
