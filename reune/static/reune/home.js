// The form, and the list of one's own tasks.

import { call, isFinal, Refused } from "./api.js";
import { $, h, meant, t, toast } from "./dom.js";

const REFRESH_SECONDS = 4;
const PAGE = 20;
const DONE = { cancel: "canceled_one", resume: "resumed", delete: "deleted" };

const topicOf = (task) => task.description.replace(/^Generate MCP for topic: /, "");

// --- the form

$("chips").addEventListener("click", (event) => {
  const chip = event.target.closest("a.chip");
  if (!chip || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  $("topic").value = chip.textContent;
  $("topic").focus();
});

const label = $("send").textContent;
$("ask").addEventListener("submit", () => {
  $("send").setAttribute("aria-busy", "true");
  $("send").textContent = t("submitting");
});
// Back from the task, perhaps out of the browser's memory.
addEventListener("pageshow", () => {
  $("send").removeAttribute("aria-busy");
  $("send").textContent = label;
  refresh();
});

if ($("errors")) {
  const wrong = document.querySelector("[aria-invalid]");
  (wrong ?? $("errors")).focus();
}

// --- one's own tasks

let limit = PAGE;
let timer;
let shown = "";

async function refresh() {
  clearTimeout(timer);
  try {
    const tasks = await call("GET", `/tasks?kind=learning_path&limit=${limit + 1}`);
    show(tasks);
    if (tasks.every(isFinal)) return;
  } catch (error) {
    if (error instanceof Refused && !error.isForNow) return;
  }
  timer = setTimeout(refreshIfSeen, REFRESH_SECONDS * 1000);
}

const refreshIfSeen = () => !document.hidden && refresh();
document.addEventListener("visibilitychange", refreshIfSeen);

function show(tasks) {
  const now = JSON.stringify([limit, tasks]);
  if (now === shown) return;
  shown = now;
  const focused = document.activeElement?.dataset?.key;
  $("mine-none").hidden = tasks.length > 0;
  $("mine").replaceChildren(...tasks.slice(0, limit).map(row));
  if (tasks.length > limit)
    $("mine").append(
      h("li", { class: "more-row" }, h("button", { type: "button", click: more }, t("mine_more"))),
    );
  if (focused) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function more() {
  limit = Math.min(limit + PAGE, 99);
  refresh();
}

function row(task) {
  const active = !isFinal(task);
  const detail = active
    ? task.status === "running"
      ? `${task.progress} %`
      : place(task)
    : when(task);
  return h(
    "li",
    { "data-id": task.id },
    h("a", { href: `/paths/${task.id}`, "data-key": `${task.id}-open` }, topicOf(task)),
    h("span", { class: "when" }, detail),
    h("span", { class: `badge ${task.status}` }, t(`status_${task.status}`)),
    h(
      "span",
      { class: "row-actions" },
      active && action(task, "cancel"),
      !active && task.status !== "completed" && action(task, "resume"),
      !active && action(task, "delete"),
    ),
  );
}

const place = (task) => (task.queue_position ? `#${task.queue_position}` : "");

function when(task) {
  const date = new Date((task.completed_at ?? task.created_at) * 1000);
  const today = date.toDateString() === new Date().toDateString();
  const format = today ? { timeStyle: "short" } : { dateStyle: "medium" };
  return new Intl.DateTimeFormat(document.documentElement.lang, format).format(date);
}

function action(task, verb) {
  const topic = topicOf(task);
  return h(
    "button",
    {
      type: "button",
      "data-key": `${task.id}-${verb}`,
      "aria-label": `${t(verb)}: ${topic}`,
      click: async (event) => {
        if (verb === "delete" && !meant(event.currentTarget, t("really_delete"))) return;
        try {
          if (verb === "delete") await call("DELETE", `/tasks/${task.id}`);
          else await call("POST", `/tasks/${task.id}/${verb}`);
          toast(t(DONE[verb], { topic }));
          if (verb === "delete") $("mine-head").focus();
        } catch (error) {
          toast(error instanceof Refused ? error.message : t("refused"));
        }
        refresh();
      },
    },
    t(verb),
  );
}
