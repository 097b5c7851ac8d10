// A finished path: its head, the map and the list of its steps, and the step that is open.

import { $, count, duration, h, link, said, t, toast } from "./dom.js";
import { outlineLine, week } from "./lists.js";
import { PathMap } from "./map.js";
import { stepContent } from "./step.js";
import { Progress } from "./store.js";

// Below this width the step covers the page, and the list comes before the map.
const narrow = matchMedia("(max-width: 899px)");

export function showPath(task, { isNew }) {
  const view = new PathView(task);
  $("task").hidden = true;
  $("path").replaceChildren(view.element);
  $("path").hidden = false;
  view.begin();
  if (isNew) {
    toast(t("ready"));
    view.title.focus({ preventScroll: true });
  }
}

class PathView {
  constructor(task) {
    this.path = task.result;
    this.steps = Object.values(this.path.nodes).sort((a, b) => a.order - b.order);
    this.progress = new Progress(this.path.id);
    this.map = new PathMap(this.path, { stateOf: (id) => this.stateOf(id) });
    this.title = said(this.path, "h1", { tabindex: -1 }, this.path.title);
    this.bar = h("progress", { max: this.steps.length, value: 0, "aria-label": t("progress") });
    this.barText = h("span", {});
    this.goOn = h("a", { class: "button primary", href: "#" });
    this.outline = h("ol", { class: "outline" });
    this.weeks = h("ol", { class: "weeks" });
    this.panel = h("dialog", { class: "panel", "aria-labelledby": "step-head" });
    this.views = this.#makeViews();
    this.weeks.hidden = true;
    this.stage = h(
      "div",
      { class: "stage wide" },
      h("div", { class: "stage-main" }, this.views, this.map.element, this.outline, this.weeks),
      this.panel,
    );
    this.element = h("article", { class: "path" }, this.#makeHead(), this.stage);
  }

  begin() {
    this.#show(this.progress.view || (narrow.matches ? "outline" : "map"));
    this.#update();
    this.progress.addEventListener("change", () => this.#update());
    addEventListener("hashchange", () => this.#route());
    this.panel.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.panel.open && !narrow.matches) this.close();
    });
    narrow.addEventListener("change", () => this.open && this.#present());
    this.#route();
  }

  /** done, next when all that comes before is done, or later. */
  stateOf(id) {
    if (this.progress.isDone(id)) return "done";
    const waits = this.path.nodes[id].prerequisites.some((one) => !this.progress.isDone(one));
    return waits ? "later" : "next";
  }

  close() {
    history.pushState(null, "", location.pathname);
    this.#route();
  }

  // --- head

  #makeHead() {
    const { path } = this;
    const facts = [
      count("hours", path.totalHours),
      count("steps", path.stats.nodes),
      count("resources", path.stats.resources),
      count("questions", path.stats.questions),
      count("exercises", path.stats.exercises),
    ];
    return h(
      "header",
      { class: "path-head wide" },
      h(
        "div",
        { class: "path-intro" },
        h("p", { class: "over" }, t(path.metadata.difficulty)),
        this.title,
        said(path, "p", { class: "lead" }, path.description),
        h(
          "ul",
          { class: "facts" },
          facts.map((fact) => h("li", {}, fact)),
        ),
      ),
      h(
        "div",
        { class: "path-side" },
        h("div", { class: "meter" }, this.bar, this.barText),
        this.goOn,
        h(
          "div",
          { class: "actions" },
          h("button", { type: "button", click: () => this.#share() }, t("share")),
          this.#file("json", "↓ JSON", { download: "" }),
          this.#file("md", "↓ Markdown", { download: "" }),
          this.#file("html", t("print"), { target: "_blank" }),
        ),
        h("p", { class: "quiet" }, t("kept_here")),
      ),
      this.#makeAbout(),
    );
  }

  #makeAbout() {
    const { path } = this;
    const list = (name, items) =>
      items.length > 0 && h("section", {}, h("h2", {}, t(name)), h("ul", {}, items));
    const lines = (texts) => texts.map((text) => said(path, "li", {}, text));
    return h(
      "details",
      { class: "about" },
      h("summary", {}, t("about")),
      h(
        "div",
        { class: "about-in" },
        list("objectives", lines(path.objectives)),
        list("knowledge", lines(path.prerequisiteKnowledge)),
        list(
          "sources",
          path.sources.map((one) =>
            h(
              "li",
              {},
              link(one.url, one.name),
              one.license && h("span", { class: "quiet" }, ` ${one.license}`),
            ),
          ),
        ),
        list(
          "attribution",
          path.attribution.map((one) =>
            h(
              "li",
              {},
              link(one.url, one.title),
              h(
                "span",
                { class: "quiet" },
                ` ${[one.author, one.source, one.license].filter(Boolean).join(", ")}`,
              ),
            ),
          ),
        ),
        list(
          "notes",
          path.diagnostics.map((one) => said(path, "li", {}, one.message)),
        ),
      ),
    );
  }

  async #share() {
    const address = location.origin + location.pathname;
    try {
      await navigator.clipboard.writeText(address);
      toast(t("shared"));
    } catch {
      prompt(t("share"), address); // where the clipboard is not allowed, over plain http for example
    }
  }

  /** A link to the path in that format; the server has it at the address of this page. */
  #file(ending, text, properties) {
    const label = ending === "html" ? null : `${t("download")}: ${text.slice(2)}`;
    const href = `${location.pathname}.${ending}`;
    return h("a", { class: "button", href, "aria-label": label, ...properties }, text);
  }

  // --- map and list

  #makeViews() {
    const choice = (name) =>
      h(
        "label",
        {},
        h("input", {
          type: "radio",
          name: "view",
          value: name,
          change: () => {
            this.progress.view = name;
            this.#show(name);
          },
        }),
        h("span", {}, t(name)),
      );
    return h(
      "div",
      { class: "stage-top" },
      h(
        "fieldset",
        { class: "segments" },
        h("legend", { class: "sr" }, t("view")),
        choice("map"),
        choice("outline"),
        this.path.weekPlan && choice("weeks"),
      ),
      this.map.tools,
    );
  }

  #show(name) {
    const view = name in this.#shown() ? name : "map";
    this.views.querySelector(`[value=${view}]`).checked = true;
    for (const [one, element] of Object.entries(this.#shown())) element.hidden = one !== view;
    this.map.tools.hidden = view !== "map";
    if (view === "map") this.map.fit(this.open ?? this.#next()?.id);
  }

  #shown() {
    const all = { map: this.map.element, outline: this.outline };
    return this.path.weekPlan ? { ...all, weeks: this.weeks } : all;
  }

  #next() {
    return this.steps.find((step) => this.stateOf(step.id) === "next");
  }

  #update() {
    const done = this.steps.filter((step) => this.progress.isDone(step.id)).length;
    this.bar.value = done;
    this.barText.textContent = t("done_of", { done, count: this.steps.length });
    const next = this.#next();
    this.goOn.hidden = !next;
    if (next) {
      this.goOn.textContent = done ? t("go_on", { title: next.title }) : t("start");
      this.goOn.href = `#${next.id}`;
    } else {
      this.barText.textContent = t("all_done");
    }
    this.#updateLists();
    this.map.update(next?.id);
  }

  #updateLists() {
    const focused = document.activeElement?.closest(".outline, .weeks") && document.activeElement;
    const stateOf = (id) => this.stateOf(id);
    const lines = this.steps.map((step) => outlineLine(this.path, step, stateOf, this.open));
    this.outline.replaceChildren(...lines);
    const weeks = this.path.weekPlan?.weeks ?? [];
    this.weeks.replaceChildren(...weeks.map((one) => week(this.path, one, stateOf, this.open)));
    if (focused) this.#focusLink(focused.hash);
  }

  #focusLink(hash) {
    for (const list of [this.outline, this.weeks]) {
      if (!list.hidden) list.querySelector(`a[href="${hash}"]`)?.focus();
    }
  }

  // --- the step that is open, which the address names

  #route() {
    const id = location.hash.slice(1);
    const before = this.open;
    this.open = Object.hasOwn(this.path.nodes, id) ? id : undefined;
    // First the room for it: showing the panel scrolls to where it is.
    this.stage.classList.toggle("with-panel", Boolean(this.open));
    if (!this.map.element.hidden) this.map.fit(this.open ?? before ?? this.#next()?.id);
    if (this.open) this.#present();
    else if (this.panel.open) this.panel.close();
    this.#updateLists();
    this.map.select(this.open);
    if (!this.open && before) this.#focusStep(before);
  }

  #focusStep(id) {
    if (this.map.element.hidden) this.#focusLink(`#${id}`);
    else this.map.focus(id);
  }

  #present() {
    const step = this.path.nodes[this.open];
    const position = this.steps.indexOf(step);
    const close = h(
      "button",
      { type: "button", class: "icon close", "aria-label": t("close"), click: () => this.close() },
      "×",
    );
    this.panel.replaceChildren(
      close,
      stepContent(this.path, step, this.progress, { next: this.steps[position + 1] }),
    );
    if (this.panel.open) this.panel.close();
    if (narrow.matches) this.panel.showModal();
    else this.panel.show();
    this.panel.scrollTop = 0;
    $("step-head").focus({ preventScroll: true });
    if (narrow.matches) return;
    if (this.stage.getBoundingClientRect().top > innerHeight / 2) this.stage.scrollIntoView();
    if (!this.map.element.hidden) this.map.scrollTo(this.open);
  }
}
