// One step of a path: what it is about, what to read and watch, and practice.

import { duration, h, link, said, t } from "./dom.js";
import { exercises, quiz } from "./practice.js";

export function stepContent(path, step, progress, { next }) {
  return h(
    "div",
    { class: "step" },
    h(
      "p",
      { class: "over" },
      t("step", { number: step.order + 1 }),
      " · ",
      t("level", { level: step.visualPosition.level + 1 }),
    ),
    said(path, "h2", { id: "step-head", tabindex: -1 }, step.title),
    h(
      "ul",
      { class: "facts" },
      h("li", {}, duration(step.minutes)),
      h("li", {}, t(step.difficulty)),
      step.optional && h("li", {}, t("optional")),
      step.rewards.map((reward) => h("li", {}, reward)),
    ),
    said(path, "p", { class: "description" }, step.description),
    section("you_will", lines(path, step.objectives)),
    section("needs", prerequisites(path, step)),
    resources(path, step),
    tips(path, step),
    quiz(path, step, progress),
    exercises(path, step, progress),
    foot(path, step, progress, next),
  );
}

const section = (name, content) => content && h("section", {}, h("h3", {}, t(name)), content);

const lines = (path, texts) =>
  texts.length > 0 &&
  h(
    "ul",
    {},
    texts.map((text) => said(path, "li", {}, text)),
  );

function prerequisites(path, step) {
  const reasons = Object.fromEntries(step.prerequisiteReasons.map((one) => [one.id, one.reason]));
  const known = step.prerequisites.filter((id) => Object.hasOwn(path.nodes, id));
  return (
    known.length > 0 &&
    h(
      "ul",
      { class: "needs" },
      known.map((id) =>
        h(
          "li",
          {},
          said(path, "a", { href: `#${id}` }, path.nodes[id].title),
          reasons[id] && said(path, "p", { class: "quiet" }, reasons[id]),
        ),
      ),
    )
  );
}

function resources(path, step) {
  if (step.resources.length === 0)
    return section("resources", h("p", { class: "quiet" }, t("resources_none")));
  const byType = Object.groupBy
    ? Object.groupBy(step.resources, (one) => one.type)
    : step.resources.reduce(
        (groups, one) => ({ ...groups, [one.type]: [...(groups[one.type] ?? []), one] }),
        {},
      );
  return section(
    "resources",
    Object.entries(byType).map(([type, items]) =>
      h(
        "div",
        { class: "resources" },
        h("h4", {}, t(`type_${type}`)),
        h("ul", {}, items.map(resource)),
      ),
    ),
  );
}

function resource(one) {
  const facts = [
    duration(one.duration ?? one.readTime ?? 0),
    one.source,
    one.language.toUpperCase(),
    one.author,
    one.license,
  ];
  return h(
    "li",
    { class: "resource" },
    link(one.url, one.title, { lang: one.language }),
    one.description && h("p", { lang: one.language }, one.description),
    h("small", {}, facts.filter(Boolean).join(" · ")),
  );
}

const tips = (path, step) =>
  step.hints.length > 0 && h("details", {}, h("summary", {}, t("tips")), lines(path, step.hints));

function foot(path, step, progress, next) {
  const box = h("input", {
    type: "checkbox",
    change: () => progress.set("done", step.id, box.checked || undefined),
  });
  const show = () => (box.checked = progress.isDone(step.id));
  progress.addEventListener("change", show);
  show();
  return h(
    "footer",
    { class: "step-foot" },
    h("label", { class: "check" }, box, t("mark_done")),
    next && h("a", { class: "button", href: `#${next.id}` }, t("next_step", { title: next.title })),
  );
}
