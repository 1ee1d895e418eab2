// Tables that sort, and heat maps that can be walked through.

function sortBy(table, column, descending) {
  const body = table.tBodies[0];
  const isText = table.tHead.rows[0].cells[column].dataset.kind === "text";
  const keyed = [...body.rows].map((row) => {
    const text = row.cells[column].dataset.value;
    return { row, key: isText ? text : text === "" ? NaN : Number(text) };
  });
  keyed.sort((first, second) => {
    if (isText) return (descending ? -1 : 1) * first.key.localeCompare(second.key);
    if (Number.isNaN(first.key) || Number.isNaN(second.key)) return Number.isNaN(first.key) - Number.isNaN(second.key);
    return (descending ? -1 : 1) * (first.key - second.key);
  });
  body.append(...keyed.map((entry) => entry.row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  table.tHead.addEventListener("click", (event) => {
    const heading = event.target.closest(".sort")?.parentElement;
    if (!heading) return;
    const before = heading.getAttribute("aria-sort");
    const first = heading.dataset.kind === "text" ? "ascending" : "descending";
    const other = first === "ascending" ? "descending" : "ascending";
    const order = before === first ? other : first;
    for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", order);
    sortBy(table, heading.cellIndex, order === "descending");
  });
}

function walkable(table, describe, choose) {
  const readout = byId(`${table.id}-readout`);
  const cellAt = (row, column) => table.tBodies[0].rows[row]?.cells[column];
  const names = (cell) => ({
    row: cell.parentElement.cells[0].textContent,
    column: table.tHead.rows[0].cells[cell.cellIndex].textContent,
    value: cell.textContent,
  });
  let current = cellAt(0, 1);
  for (const cell of table.tBodies[0].querySelectorAll("td")) cell.tabIndex = -1;
  current.tabIndex = 0;
  const say = (cell) => {
    readout.textContent = describe(names(cell));
  };
  table.addEventListener("pointerover", (event) => {
    const cell = event.target.closest("tbody td");
    if (cell) say(cell);
  });
  table.addEventListener("focusin", (event) => {
    const cell = event.target.closest("tbody td");
    if (cell) say(cell);
  });
  table.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const cell = event.target.closest("tbody td");
    if (!cell) return;
    if (event.key === "Enter") choose(names(cell));
    if (!(event.key in steps)) return;
    event.preventDefault();
    const [down, right] = steps[event.key];
    const next = cellAt(cell.parentElement.sectionRowIndex + down, cell.cellIndex + right);
    if (next?.tagName !== "TD") return;
    current.tabIndex = -1;
    current = next;
    current.tabIndex = 0;
    current.focus();
  });
  table.addEventListener("click", (event) => {
    const cell = event.target.closest("tbody td");
    if (cell) choose(names(cell));
  });
}

byId("ranking-table").addEventListener("click", (event) => {
  const button = event.target.closest(".choose");
  if (button) choice.set(button.closest("tr").dataset.proxy);
});
choice.listeners.push((name) => {
  for (const row of byId("ranking-table").tBodies[0].rows) row.classList.toggle("chosen", row.dataset.proxy === name);
});
