// The quiz of a step, taken in place, and its exercises with hints one by one.

import { h, link, said, t, toast } from "./dom.js";

const sourceOf = (item) =>
  item.source && h("p", { class: "quiet" }, link(item.source.url, t("read_more")));

// --- quiz

export function quiz(path, step, progress) {
  if (!step.quiz) return null;
  const place = h("section", { class: "quiz" });
  const show = () => place.replaceChildren(...quizContent(path, step, progress, show));
  show();
  return place;
}

function quizContent(path, step, progress, show) {
  const { questions, passingScore } = step.quiz;
  const taken = progress.get("quiz", step.id);
  const answers = taken?.answers ?? [];
  const verdict = h("p", { class: "verdict", role: "status", tabindex: -1 });
  if (taken) verdict.replaceChildren(verdictOf(taken, questions.length));
  const form = h(
    "form",
    {
      submit: (event) => {
        event.preventDefault();
        const chosen = questions.map((one) => form.elements[one.id].value);
        const missing = chosen.flatMap((value, index) => (value === "" ? [index + 1] : []));
        if (missing.length > 0) {
          verdict.textContent = t("unanswered", { numbers: missing.join(", ") });
          form.elements[questions[missing[0] - 1].id][0].focus();
          return;
        }
        hand(step, progress, chosen.map(Number), passingScore);
        show();
        const place = document.querySelector(".quiz .verdict");
        place.focus();
        place.scrollIntoView({ block: "nearest" });
      },
    },
    questions.map((one, index) => question(path, one, index, questions.length, answers[index])),
    verdict,
    taken
      ? h(
          "button",
          {
            type: "button",
            click: () => {
              progress.set("quiz", step.id, undefined);
              show();
              document.querySelector(".quiz input")?.focus();
            },
          },
          t("again"),
        )
      : h("button", { class: "primary" }, t("check")),
  );
  return [
    h("h3", {}, t("quiz")),
    h("p", { class: "quiet" }, t("quiz_pass", { percent: passingScore })),
    form,
  ];
}

function hand(step, progress, answers, passingScore) {
  const right = step.quiz.questions.filter(
    (one, index) => one.correctOptionIndex === answers[index],
  ).length;
  const passed = right * 100 >= passingScore * answers.length;
  progress.set("quiz", step.id, { answers, right, passed });
  if (passed && !progress.isDone(step.id)) {
    progress.set("done", step.id, true);
    toast(`${step.title}: ${t("marked_done")}`);
  }
}

const verdictOf = ({ right, passed }, number) =>
  h(
    "strong",
    { class: passed ? "good" : "bad" },
    t(passed ? "passed" : "not_passed", { right, count: number }),
  );

function question(path, one, index, number, answer) {
  const isTaken = answer !== undefined;
  return h(
    "fieldset",
    { class: "question" },
    h(
      "legend",
      {},
      h("small", {}, t("question", { number: index + 1, count: number })),
      said(path, "span", {}, one.text),
    ),
    one.options.map((option, place) => {
      const mark =
        isTaken && (place === one.correctOptionIndex ? "right" : place === answer ? "wrong" : "");
      return h(
        "label",
        { class: `option ${mark || ""}` },
        h("input", {
          type: "radio",
          name: one.id,
          value: place,
          checked: answer === place,
          disabled: isTaken,
        }),
        said(path, "span", {}, option),
      );
    }),
    isTaken && explanation(path, one, answer),
  );
}

function explanation(path, one, answer) {
  const isRight = answer === one.correctOptionIndex;
  return h(
    "div",
    { class: `explanation ${isRight ? "good" : "bad"}` },
    h(
      "p",
      {},
      h(
        "strong",
        {},
        isRight ? t("right") : t("wrong", { answer: one.options[one.correctOptionIndex] }),
      ),
    ),
    said(path, "p", {}, one.explanation),
    sourceOf(one),
  );
}

// --- exercises

export function exercises(path, step, progress) {
  if (!step.exerciseSet) return null;
  return h(
    "section",
    { class: "exercises" },
    h("h3", {}, t("exercises")),
    step.exerciseSet.exercises.map((one) => exercise(path, one, progress)),
  );
}

function exercise(path, one, progress) {
  return h(
    "article",
    { class: "exercise" },
    said(path, "h4", {}, one.title),
    one.description && said(path, "p", { class: "quiet" }, one.description),
    said(path, "p", { class: "instructions" }, one.instructions),
    one.expectedOutput &&
      h(
        "div",
        {},
        h("p", { class: "over" }, t("expected_output")),
        h("pre", { tabindex: 0 }, one.expectedOutput),
      ),
    one.verificationMethod === "text_match" && written(path, one),
    one.verificationMethod === "multiple_choice" && chosen(path, one),
    one.checklist.length > 0 && checklist(path, one, progress),
    hints(path, one, progress),
    one.solution &&
      h(
        "details",
        {},
        h("summary", {}, t("show_solution")),
        said(path, one.programmingLanguage ? "pre" : "p", { class: "solution" }, one.solution),
      ),
    sourceOf(one),
  );
}

/** As the server compares: without case, accents and punctuation. */
const folded = (text) =>
  text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

function answerForm(one, field, given, isRight) {
  const verdict = h("p", { class: "verdict", role: "status" });
  return h(
    "form",
    {
      class: "answer",
      submit: (event) => {
        event.preventDefault();
        if (given() === "") return;
        const right = isRight(given());
        verdict.replaceChildren(
          h("strong", { class: right ? "good" : "bad" }, t(right ? "right" : "not_yet")),
        );
      },
    },
    field,
    h("button", {}, t("check_one")),
    verdict,
  );
}

function written(path, one) {
  const input = h("input", {
    type: "text",
    id: `answer-${one.id}`,
    autocomplete: "off",
    autocapitalize: "off",
    maxlength: 500,
  });
  const accepted = new Set([one.correctAnswer, ...one.acceptedAnswers].map(folded));
  const field = h(
    "div",
    { class: "field" },
    h("label", { for: input.id }, t("your_answer")),
    input,
  );
  return answerForm(
    one,
    field,
    () => input.value.trim(),
    (text) => accepted.has(folded(text)),
  );
}

function chosen(path, one) {
  const name = `answer-${one.id}`;
  const field = h(
    "fieldset",
    { class: "question" },
    h("legend", { class: "sr" }, t("your_answer")),
    one.options.map((option, place) =>
      h(
        "label",
        { class: "option" },
        h("input", { type: "radio", name, value: place }),
        said(path, "span", {}, option),
      ),
    ),
  );
  const given = () => field.querySelector("input:checked")?.value ?? "";
  return answerForm(one, field, given, (place) => place === one.correctAnswer);
}

function checklist(path, one, progress) {
  const kept = progress.get("checks", one.id) ?? [];
  const boxes = one.checklist.map((_, place) =>
    h("input", { type: "checkbox", checked: kept.includes(place), change: keep }),
  );
  function keep() {
    progress.set(
      "checks",
      one.id,
      boxes.flatMap((box, place) => (box.checked ? [place] : [])),
    );
  }
  return h(
    "fieldset",
    { class: "checklist" },
    h("legend", { class: "over" }, t("checklist")),
    one.checklist.map((text, place) =>
      h("label", { class: "check" }, boxes[place], said(path, "span", {}, text)),
    ),
  );
}

function hints(path, one, progress) {
  const number = one.hints.length;
  if (number === 0) return null;
  const list = h("ol", { class: "hints", "aria-live": "polite" });
  const button = h("button", {
    type: "button",
    class: "small",
    click: () => {
      progress.set("hints", one.id, shown() + 1);
      show();
    },
  });
  const shown = () => Math.min(Math.max(progress.get("hints", one.id) || 0, 0), number);
  const show = () => {
    for (let place = list.children.length; place < shown(); place++) {
      list.append(
        h(
          "li",
          {},
          h("small", {}, t("hint", { number: place + 1, count: number })),
          said(path, "p", {}, one.hints[place]),
        ),
      );
    }
    button.hidden = shown() === number;
    button.textContent = t("show_hint", { number: shown() + 1, count: number });
  };
  show();
  return h("div", {}, list, button);
}
