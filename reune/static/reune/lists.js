// A path as a list of its steps, and as a plan by weeks.

import { duration, h, said, t } from "./dom.js";

export function outlineLine(path, step, stateOf, open) {
  const state = stateOf(step.id);
  const facts = [duration(step.minutes), t(step.difficulty), step.optional && t("optional")];
  return h(
    "li",
    { class: state },
    h(
      "a",
      { href: `#${step.id}`, "aria-current": open === step.id && "step" },
      h(
        "span",
        { class: "number", "aria-hidden": "true" },
        state === "done" ? "✓" : step.order + 1,
      ),
      h(
        "span",
        { class: "line" },
        said(path, "b", {}, step.title),
        h("small", {}, facts.filter(Boolean).join(" · ")),
        h("span", { class: "sr" }, ` ${t(`state_${state}`)}`),
      ),
    ),
  );
}

/** A week of the plan: how long it is, and what to do in it. */
export function week(path, { week: number, minutes, nodes }, stateOf, open) {
  const isDone = nodes.every(({ id }) => stateOf(id) === "done");
  return h(
    "li",
    { class: isDone ? "done" : "" },
    h("h2", {}, t("week", { number }), h("small", {}, duration(minutes))),
    h(
      "ul",
      {},
      nodes.map((planned) => plannedStep(path, planned, stateOf, open)),
    ),
  );
}

function plannedStep(path, { id, minutes, part, parts }, stateOf, open) {
  const state = stateOf(id);
  const facts = [duration(minutes), parts > 1 && t("part", { part, parts })];
  return h(
    "li",
    { class: state },
    h(
      "a",
      { href: `#${id}`, "aria-current": open === id && "step" },
      h("span", { class: "tick", "aria-hidden": "true" }, state === "done" ? "✓" : ""),
      said(path, "b", {}, path.nodes[id].title),
      h("small", {}, facts.filter(Boolean).join(" · ")),
      h("span", { class: "sr" }, ` ${t(`state_${state}`)}`),
    ),
  );
}
