// The map of a path: a tree drawn from each step's visualPosition.

import { duration, h, svg, t } from "./dom.js";
import { Viewport } from "./viewport.js";

// A position's unit is 200 between neighbours and between levels; on the map that is so much:
const COLUMN = 198;
const ROW = 118;
const UNIT = 200;
const NODE = { width: 176, height: 64 };
const MARGIN = { side: 28, top: 34, bottom: 24 };
// A step's title is 15 high at 1; smaller than this it could not be read.
const READABLE = 0.84;
const LINE = 18;
// A level's name keeps that far from the left edge, wherever the map is moved.
const LABEL_INSET = 14;

const ruler = document.createElement("canvas").getContext("2d");

export class PathMap {
  /** `stateOf` tells of a step's id whether it is done, next or later. */
  constructor(path, { stateOf }) {
    this.path = path;
    this.stateOf = stateOf;
    this.nodes = Object.values(path.nodes);
    this.links = new Map();
    this.edges = [];
    this.labels = [];
    this.#measure();
    this.canvas = svg("g", {}, this.#drawBands(), this.#drawEdges(), this.#drawNodes());
    const about = { role: "group", "aria-label": t("map_label"), class: "map-svg" };
    this.svg = svg("svg", about, arrowHead(), this.canvas);
    this.element = h("div", { class: "map" }, this.svg);
    const { width, height } = this;
    const moved = (x, k) => this.#keepLabelsInSight(x, k);
    this.viewport = new Viewport(this.element, this.canvas, { width, height, moved });
    this.tools = this.#makeTools();
    this.#listen();
    this.tabStop = path.rootNodeId;
    this.#rove(path.rootNodeId);
  }

  update(nextId) {
    for (const [id, link] of this.links) {
      const state = this.stateOf(id);
      const { order, title, minutes } = this.path.nodes[id];
      link.classList.remove("done", "next", "later");
      link.classList.add(state);
      const words = [
        t("step", { number: order + 1 }),
        title,
        duration(minutes),
        t(`state_${state}`),
      ];
      link.setAttribute("aria-label", words.join(", "));
      link.querySelector(".mark").textContent = state === "done" ? "✓" : order + 1;
    }
    if (!this.selected && nextId && !this.svg.contains(document.activeElement)) this.#rove(nextId);
  }

  select(id) {
    this.selected = id;
    for (const [one, link] of this.links) {
      link.classList.toggle("selected", one === id);
      if (one === id) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    }
    for (const { element, from, to } of this.edges) {
      element.classList.toggle("lit", id !== undefined && to === id);
      element.classList.toggle("lit-after", id !== undefined && from === id);
    }
    this.canvas.classList.toggle("has-selection", id !== undefined);
    if (id) this.#rove(id);
  }

  focus(id) {
    // The browser would scroll the drawing within its frame, behind the viewport's back.
    this.links.get(id)?.focus({ preventScroll: true });
    this.scrollTo(id);
  }

  /** Scroll the page to a step that the viewport shows. */
  scrollTo(id) {
    this.links.get(id)?.scrollIntoView({ block: "nearest" });
  }

  /** Everything if it can be read so; else as large as can be read, around the step `id`. */
  fit(id) {
    this.around = id;
    const { clientWidth: width } = this.element;
    if (!width) return;
    // So high that at this width nothing is cut off; the style sheet says how high at most.
    const k = Math.max(Math.min(width / this.width, 1), READABLE);
    this.element.style.setProperty("--drawing-height", `${Math.ceil(this.height * k) + 2}px`);
    this.viewport.fit(this.#boxOf(id), READABLE);
  }

  // --- layout

  #measure() {
    const xs = this.nodes.map((node) => node.visualPosition.x);
    const least = Math.min(...xs);
    const placeOf = ({ x, level }) => ({
      x: MARGIN.side + ((x - least) / UNIT) * COLUMN,
      y: MARGIN.top + level * ROW,
    });
    this.places = Object.fromEntries(
      this.nodes.map((node) => [node.id, placeOf(node.visualPosition)]),
    );
    this.levels = Math.max(...this.nodes.map((node) => node.visualPosition.level)) + 1;
    this.width = 2 * MARGIN.side + ((Math.max(...xs) - least) / UNIT) * COLUMN + NODE.width;
    this.height = MARGIN.top + (this.levels - 1) * ROW + NODE.height + MARGIN.bottom;
  }

  #boxOf(id) {
    return { ...(this.places[id] ?? this.places[this.path.rootNodeId]), ...NODE };
  }

  // --- drawing

  #drawBands() {
    const far = this.width + 8000;
    return Array.from({ length: this.levels }, (_, level) => {
      const top = MARGIN.top + level * ROW - (ROW - NODE.height) / 2;
      const label = svg("text", { y: Math.max(top, 0) + 17 }, t("level", { level: level + 1 }));
      this.labels.push(label);
      return svg(
        "g",
        { class: "band" },
        level > 0 && svg("line", { x1: -8000, x2: far, y1: top, y2: top }),
        label,
      );
    });
  }

  #keepLabelsInSight(x, k) {
    const inset = Math.max(LABEL_INSET, (LABEL_INSET - x) / k);
    for (const label of this.labels) label.setAttribute("x", inset);
  }

  #drawEdges() {
    const known = (id) => Object.hasOwn(this.places, id);
    const all = this.nodes.flatMap(({ id, parentId, prerequisites }) =>
      prerequisites.filter(known).map((from) => ({ from, to: id, isTree: from === parentId })),
    );
    // Trunk and branches last, so that they lie over the rest.
    all.sort((a, b) => a.isTree - b.isTree);
    this.edges = all.map((edge) => ({ ...edge, element: this.#drawEdge(edge) }));
    return this.edges.map((edge) => edge.element);
  }

  #drawEdge(edge) {
    const d = this.#curve(edge);
    if (edge.isTree) return svg("path", { d, class: "edge" });
    return svg("path", { d, class: "edge needs", "marker-end": "url(#arrow)" });
  }

  #curve({ from, to, isTree }) {
    const a = this.places[from];
    const b = this.places[to];
    const middle = NODE.width / 2;
    // What is no branch ends beside the middle, where the branch does.
    const aside = isTree ? 0 : Math.sign(a.x - b.x || 1) * 30;
    const [x1, y1] = [a.x + middle, a.y + NODE.height];
    const [x2, y2] = [b.x + middle + aside, b.y - (isTree ? 0 : 2)];
    if (y2 <= y1) return sideways(a, b);
    const bend = Math.min((y2 - y1) / 2, ROW / 2);
    return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
  }

  #drawNodes() {
    return this.nodes.map((node) => {
      const link = drawNode(node, this.places[node.id]);
      this.links.set(node.id, link);
      return link;
    });
  }

  #makeTools() {
    const tool = (name, sign, click) =>
      h(
        "button",
        { type: "button", class: "icon", "aria-label": t(name), title: t(name), click },
        sign,
      );
    const marks = ["done", "next", "optional", "needs"];
    const legend = marks.map((name) => h("li", { class: name }, t(`legend_${name}`)));
    return h(
      "div",
      { class: "map-tools" },
      h("ul", { class: "legend", "aria-hidden": "true" }, legend),
      tool("zoom_out", "−", () => this.viewport.zoomOut()),
      tool("zoom_in", "+", () => this.viewport.zoomIn()),
      tool("zoom_fit", "⤢", () => this.#showAll()),
    );
  }

  #showAll() {
    this.viewport.fit(this.#boxOf(this.around));
  }

  // --- input

  #listen() {
    this.svg.addEventListener("keydown", (event) => this.#key(event));
    this.svg.addEventListener("focusin", (event) => {
      const id = event.target.closest?.("a.node")?.dataset.id;
      // By a pointer it is in sight already, and would slip away from under it.
      if (id && !this.viewport.isPressed) this.viewport.reveal(this.#boxOf(id));
    });
    // In the next frame, because it changes the height of what is observed.
    const resized = () => this.viewport.isTouched || this.fit(this.around);
    new ResizeObserver(() => requestAnimationFrame(resized)).observe(this.element);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this.#actionOf(event.key) ?? this.#moveOf(event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #actionOf(key) {
    const zoomIn = () => this.viewport.zoomIn();
    return {
      "+": zoomIn,
      "=": zoomIn,
      "-": () => this.viewport.zoomOut(),
      0: () => this.#showAll(),
    }[key];
  }

  #moveOf(event) {
    const id = event.target.closest("a.node")?.dataset.id;
    const target = id && this.#neighbour(id, event.key);
    return (
      target &&
      (() => {
        this.#rove(target);
        this.focus(target);
      })
    );
  }

  /** The step that a key leads to: up to the parent, down to a child, along the level. */
  #neighbour(id, key) {
    const here = this.path.nodes[id];
    const byX = (a, b) => a.visualPosition.x - b.visualPosition.x;
    const levelOf = (node) => node.visualPosition.level;
    const level = this.nodes.filter((one) => levelOf(one) === levelOf(here)).sort(byX);
    const place = level.indexOf(here);
    switch (key) {
      case "ArrowUp":
        return here.parentId;
      case "ArrowDown":
        return this.nodes.filter((one) => one.parentId === id).sort(byX)[0]?.id;
      case "ArrowLeft":
        return level[place - 1]?.id;
      case "ArrowRight":
        return level[place + 1]?.id;
      case "Home":
        return this.path.rootNodeId;
      default:
        return undefined;
    }
  }

  /** One step takes part in tabbing; the arrow keys lead to the others. */
  #rove(id) {
    this.links.get(this.tabStop).setAttribute("tabindex", -1);
    this.links.get(id).setAttribute("tabindex", 0);
    this.tabStop = id;
  }
}

function arrowHead() {
  const shape = {
    id: "arrow",
    viewBox: "0 0 8 8",
    refX: 7,
    refY: 4,
    markerWidth: 7,
    markerHeight: 7,
    orient: "auto-start-reverse",
  };
  return svg("defs", {}, svg("marker", shape, svg("path", { d: "M0 0 8 4 0 8Z", class: "arrow" })));
}

/** A curve from side to side, for steps on the same level. */
function sideways(a, b) {
  const [left, right] = a.x < b.x ? [a.x + NODE.width, b.x] : [a.x, b.x + NODE.width];
  const [from, to] = [a.y + NODE.height / 2, b.y + NODE.height / 2];
  const middle = (left + right) / 2;
  return `M${left} ${from}C${middle} ${from + 50} ${middle} ${from + 50} ${right} ${to}`;
}

function drawNode(node, { x, y }) {
  const middle = NODE.height / 2;
  const lines = wrap(node.title, NODE.width - 58);
  const first = middle + 5 - ((lines.length - 1) * LINE) / 2;
  return svg(
    "a",
    {
      href: `#${node.id}`,
      transform: `translate(${x} ${y})`,
      class: `node ${node.optional ? "optional" : ""}`,
      tabindex: -1,
      "data-id": node.id,
    },
    svg("title", {}, node.title),
    svg("rect", { width: NODE.width, height: NODE.height, rx: 12 }),
    svg("circle", { cx: 25, cy: middle, r: 13 }),
    svg("text", { class: "mark", x: 25, y: middle + 4.5, "text-anchor": "middle" }),
    svg(
      "text",
      { class: "title" },
      lines.map((line, place) => svg("tspan", { x: 47, y: first + place * LINE }, line)),
    ),
  );
}

/** The title on at most two lines of that width. */
function wrap(title, width) {
  ruler.font = `600 15px ${getComputedStyle(document.body).fontFamily}`;
  const fits = (text) => ruler.measureText(text).width <= width;
  const lines = [""];
  for (const word of title.split(/\s+/)) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (fits(longer) || !lines.at(-1) || lines.length === 2) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => cut(line, fits));
}

function cut(text, fits) {
  if (fits(text)) return text;
  let end = text.length;
  while (end > 1 && !fits(`${text.slice(0, end)}…`)) end--;
  return `${text.slice(0, end).trimEnd()}…`;
}
