// How far somebody is with a path. It is kept in this browser and nowhere else.

const EMPTY = () => ({ done: {}, quiz: {}, hints: {}, checks: {}, view: "" });

export class Progress extends EventTarget {
  #key;

  /** Of the path with that id. Where the browser keeps nothing, it lasts as long as the page. */
  constructor(pathId) {
    super();
    this.#key = `reune.path.${pathId}`;
    this.#load();
    // The same path in another tab.
    addEventListener("storage", (event) => {
      if (event.key !== this.#key) return;
      this.#load();
      this.dispatchEvent(new Event("change"));
    });
  }

  #load() {
    this.state = EMPTY();
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key) ?? "{}");
      for (const name of Object.keys(this.state)) {
        if (typeof kept?.[name] === typeof this.state[name] && kept[name] !== null)
          this.state[name] = kept[name];
      }
    } catch {
      this.state = EMPTY();
    }
  }

  #keep() {
    try {
      localStorage.setItem(this.#key, JSON.stringify(this.state));
    } catch {
      // Full, or not allowed: then it is forgotten with the page.
      this.isForgetful = true;
    }
  }

  /** Change the part `name` at `id`; undefined takes it away. */
  set(name, id, value) {
    if (value === undefined) delete this.state[name][id];
    else this.state[name][id] = value;
    this.#keep();
    this.dispatchEvent(new Event("change"));
  }

  get(name, id) {
    return this.state[name][id];
  }

  get view() {
    return this.state.view;
  }

  set view(view) {
    this.state.view = view;
    this.#keep();
  }

  isDone(id) {
    return Boolean(this.state.done[id]);
  }
}
