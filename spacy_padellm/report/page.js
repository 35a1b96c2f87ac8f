"use strict";
// Shows the documents that have an entity with the chosen label and kind of error.
(() => {
  const form = document.getElementById("filters");
  const label = document.getElementById("label");
  const kind = document.getElementById("kind");
  const shown = document.getElementById("shown");
  const nothing = document.getElementById("nothing");
  const right = new Set(["correct", "not judged"]);
  const uncovered = new Set(["part", "none"]);
  // read once: a page may hold thousands of entities
  const docs = [...document.querySelectorAll("article")].map((article) => ({
    article,
    marks: [...article.querySelectorAll("mark")].map((mark) => mark.dataset),
  }));

  function fits(mark) {
    const labelled = !label.value || mark.label === label.value;
    if (kind.value === "any") return labelled && !right.has(mark.kind);
    if (kind.value === "uncovered") return labelled && uncovered.has(mark.cover);
    return labelled && (!kind.value || mark.kind === kind.value);
  }

  function filter() {
    const all = !label.value && !kind.value;
    let number = 0;
    for (const { article, marks } of docs) {
      article.hidden = !(all || marks.some(fits));
      number += !article.hidden;
    }
    shown.value = `${number} of ${docs.length} documents`;
    nothing.hidden = number > 0;
  }

  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
})();
