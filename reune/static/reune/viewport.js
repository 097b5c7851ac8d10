// A window onto a drawing that is larger than it: to pan and zoom by pointer, wheel and touch.

const ZOOM = { least: 0.25, most: 2.5, step: 1.25 };
const LARGEST_FIT = 1.15;
const KEPT_IN_SIGHT = 80;
const MARGIN = 12;
const DRAG_FROM = 4; // pixels; less is a click with an unsteady hand

export class Viewport {
  /**
   * `element` shows `canvas`, a group of an SVG, of that `width` and `height` at scale 1.
   * `moved(x, k)` is called with the left edge and the scale after each change.
   */
  constructor(element, canvas, { width, height, moved }) {
    Object.assign(this, { element, canvas, width, height, moved });
    this.x = this.y = 0;
    this.k = 1;
    this.pointers = new Map();
    this.isTouched = false;
    this.#listenToWheel();
    this.#listenToPointers();
  }

  get isPressed() {
    return this.pointers.size > 0;
  }

  /** The whole drawing; around the box instead where it would be smaller than `least`. */
  fit(box, least = ZOOM.least) {
    const { clientWidth: width, clientHeight: height } = this.element;
    const k = Math.min(width / this.width, height / this.height, LARGEST_FIT);
    this.k = Math.max(k, least);
    this.#center(box);
    this.isTouched = false;
  }

  zoomIn() {
    this.#zoomMiddle(ZOOM.step);
  }

  zoomOut() {
    this.#zoomMiddle(1 / ZOOM.step);
  }

  /** Move as little as brings the box into sight. */
  reveal(box) {
    const { clientWidth: width, clientHeight: height } = this.element;
    const into = (room, from, size) =>
      from < MARGIN ? MARGIN - from : Math.min(0, room - MARGIN - from - size);
    const dx = into(width, this.x + box.x * this.k, box.width * this.k);
    const dy = into(height, this.y + box.y * this.k, box.height * this.k);
    if (dx || dy) this.#move(this.x + dx, this.y + dy);
  }

  /** The box in the middle, but no more emptiness at the sides than there must be. */
  #center(box) {
    const { clientWidth: width, clientHeight: height } = this.element;
    const along = (room, size, at) => {
      if (size * this.k <= room) return (room - size * this.k) / 2;
      return Math.min(0, Math.max(room - size * this.k, room / 2 - at * this.k));
    };
    this.x = along(width, this.width, box.x + box.width / 2);
    this.y = along(height, this.height, box.y + box.height / 2);
    this.#apply();
  }

  #apply() {
    this.canvas.setAttribute("transform", `translate(${this.x} ${this.y}) scale(${this.k})`);
    this.moved(this.x, this.k);
  }

  #move(x, y, k = this.k) {
    const { clientWidth: width, clientHeight: height } = this.element;
    const along = (room, size, at) =>
      Math.min(room - KEPT_IN_SIGHT, Math.max(KEPT_IN_SIGHT - size * k, at));
    this.x = along(width, this.width, x);
    this.y = along(height, this.height, y);
    this.k = k;
    this.isTouched = true;
    this.#apply();
  }

  /** What is at `x`, `y` stays there. */
  #zoom(factor, x, y) {
    const k = Math.min(ZOOM.most, Math.max(ZOOM.least, this.k * factor));
    const by = k / this.k;
    this.#move(x - (x - this.x) * by, y - (y - this.y) * by, k);
  }

  #zoomMiddle(factor) {
    this.#zoom(factor, this.element.clientWidth / 2, this.element.clientHeight / 2);
  }

  #zoomAt(event, factor) {
    const box = this.element.getBoundingClientRect();
    this.#zoom(factor, event.clientX - box.left, event.clientY - box.top);
  }

  #listenToWheel() {
    const wheel = (event) => {
      // A pinch on a touchpad comes as a wheel with Ctrl. Without, the page scrolls.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.#zoomAt(event, Math.exp(-event.deltaY / 300));
    };
    this.element.addEventListener("wheel", wheel, { passive: false });
    this.element.addEventListener("dblclick", (event) => this.#zoomAt(event, ZOOM.step ** 2));
  }

  #listenToPointers() {
    this.travelled = 0;
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      if (!this.isPressed) this.travelled = 0;
      this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    addEventListener("pointermove", (event) => this.#drag(event));
    for (const end of ["pointerup", "pointercancel"]) {
      addEventListener(end, ({ pointerId }) => {
        this.pointers.delete(pointerId);
        this.element.classList.remove("dragging");
      });
    }
    // The end of a drag is no click, and a link is not to be dragged.
    const click = (event) => this.travelled > DRAG_FROM && event.preventDefault();
    this.element.addEventListener("click", click, true);
    this.element.addEventListener("dragstart", (event) => event.preventDefault());
  }

  #drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.travelled += Math.hypot(now.x - before.x, now.y - before.y);
    const isDrag = this.travelled > DRAG_FROM;
    if (other) this.#pinch(before, now, other);
    else if (isDrag) this.#move(this.x + now.x - before.x, this.y + now.y - before.y);
    this.pointers.set(event.pointerId, now);
    this.element.classList.toggle("dragging", isDrag);
  }

  #pinch(before, now, other) {
    const box = this.element.getBoundingClientRect();
    const distance = (a) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
    const x = (now.x + other.x) / 2 - box.left;
    const y = (now.y + other.y) / 2 - box.top;
    this.#zoom(distance(now) / distance(before), x, y);
    this.#move(this.x + (now.x - before.x) / 2, this.y + (now.y - before.y) / 2);
  }
}
