"use strict";
const table = document.querySelector("table"), body = table.tBodies[0], rows = [...body.rows];
const search = document.querySelector("#search"), target = document.querySelector("#target"), shown = document.querySelector("#shown");
const chips = [...document.querySelectorAll(".chip")];
const pressed = (name) => chips.filter((c) => c.dataset.is === name && c.getAttribute("aria-pressed") === "true").map((c) => c.value);
document.querySelector(".tools").hidden = false;

function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean), kinds = pressed("kind"), changed = pressed("changed").length > 0;
  let count = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    const fits = words.every((w) => text.includes(w)) && (!kinds.length || kinds.includes(row.dataset.kind))
      && (!changed || row.dataset.changed) && (target.value === "*" || target.value === row.dataset.target);
    row.hidden = !fits;
    count += fits;
  }
  shown.textContent = count === rows.length ? `${count} runs` : `${count} of ${rows.length} runs`;
}

function sort(header) {
  const at = header.cellIndex, down = header.getAttribute("aria-sort") === "ascending";
  for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  const key = (row) => row.cells[at].dataset.key ?? row.cells[at].textContent;
  const order = new Intl.Collator(undefined, { numeric: true });
  rows.sort((a, b) => order.compare(key(a), key(b)) * (down ? -1 : 1));
  body.append(...rows);
}

for (const header of table.tHead.rows[0].cells) header.firstElementChild.addEventListener("click", () => sort(header));
for (const chip of chips) chip.addEventListener("click", () => {
  chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") === "true" ? "false" : "true");
  show();
});
for (const button of document.querySelectorAll(".panel button")) button.addEventListener("click", () => {
  target.value = target.value === button.dataset.target ? "*" : button.dataset.target;
  show();
  document.querySelector("#runs").scrollIntoView();
});
search.addEventListener("input", show);
target.addEventListener("change", show);
show();
