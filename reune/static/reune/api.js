// Calls of Reune's API, and following a task: as a stream of events where it goes, else by polling.

import { csrf } from "./dom.js";

// The first event comes at once; where none does, something on the way holds streams back.
const DEAF_SECONDS = 6;
const FINAL = ["completed", "failed", "canceled"];
export const isFinal = (task) => FINAL.includes(task.status);

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }

  /** Too many calls, or a server that is not up: the same call may do in a moment. */
  get isForNow() {
    return this.status === 429 || this.status >= 500;
  }
}

/** The answer's JSON; null for 204. Throws Refused, or another error when no answer gets through. */
export async function call(method, address, headers = {}) {
  const response = await fetch(address, {
    method,
    headers: { ...(method === "GET" ? {} : { "X-CSRFToken": csrf }), ...headers },
  });
  return read(response);
}

async function read(response) {
  if (response.status === 204) return null;
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new Refused(response.status, problem.detail ?? response.statusText);
}

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/**
 * Follow a task until it has ended, and return its whole body.
 *
 * `heard(kind, data)` is called with each event: message, progress, status, as the stream has
 * them. `connected(yes)` tells whether the server answers. Throws Refused when the task is gone.
 */
export async function follow({ id, status }, heard, connected) {
  if (!isFinal({ status })) {
    const canListen = "EventSource" in window;
    if (!canListen || !(await listen(id, heard, connected))) await poll(id, heard, connected);
  }
  return insist(`/tasks/${id}`, connected);
}

/** True when the task has ended; false when the stream is refused or broken for good. */
function listen(id, heard, connected) {
  return new Promise((resolve) => {
    const source = new EventSource(`/tasks/${id}/events`);
    const deaf = setTimeout(() => end(false), DEAF_SECONDS * 1000);
    const end = (ended) => {
      clearTimeout(deaf);
      source.close();
      resolve(ended);
    };
    for (const kind of ["message", "progress", "status"]) {
      source.addEventListener(kind, (event) => {
        clearTimeout(deaf);
        const data = JSON.parse(event.data);
        heard(kind, data);
        if (kind === "status" && isFinal(data)) end(true);
      });
    }
    source.onopen = () => connected(true);
    source.onerror = () => {
      connected(false);
      // While it is CONNECTING the browser comes back by itself, from the last event it has seen.
      if (source.readyState === EventSource.CLOSED) end(false);
    };
  });
}

async function poll(id, heard, connected) {
  let etag = "";
  let seen = 0;
  for (let wait = 1; ;) {
    try {
      const response = await fetch(`/tasks/${id}`, {
        headers: etag ? { "If-None-Match": etag } : {},
        cache: "no-store",
      });
      wait = Number(response.headers.get("Retry-After")) || 2;
      if (response.status === 200) {
        const task = await response.json();
        etag = response.headers.get("ETag") ?? "";
        connected(true);
        for (const message of task.messages) if (message.seq > seen) heard("message", message);
        seen = task.messages.at(-1)?.seq ?? seen;
        heard("progress", task);
        heard("status", task);
        if (isFinal(task)) return;
      } else if (response.status === 304) {
        connected(true);
      } else {
        await read(response);
      }
    } catch (error) {
      if (!(error instanceof Refused)) wait = Math.min(wait * 2, 15);
      else if (!error.isForNow) throw error;
      connected(false);
    }
    await sleep(wait);
  }
}

/** GET until there is an answer. */
async function insist(address, connected) {
  for (let wait = 1; ; wait = Math.min(wait * 2, 15)) {
    try {
      const body = await call("GET", address);
      connected(true);
      return body;
    } catch (error) {
      if (error instanceof Refused && !error.isForNow) throw error;
      connected(false);
      await sleep(wait);
    }
  }
}
